#pragma once

#include "broker/dashboard/json.h"
#include "broker/dashboard/record_reader.h"

namespace odradek::broker::dashboard {

// How much of keys, values and headers is sent to people: a list shows beginnings.
inline constexpr size_t kPreviewBytes = 4 * 1024;
inline constexpr size_t kWholeBytes = size_t{8} << 20U;

// A record with all its batch says about it. Each of key, value and header values at most
// `bytes_max` bytes long.
Json message_json(const SeenRecord& seen, size_t bytes_max);

// Which records to show: texts that key, value or a header must contain, letters of ASCII in any
// case. The header text "name=value" asks for both parts, any other for one of them.
struct MessageFilter {
  std::string key;
  std::string value;
  std::string header;
  bool only_committed = false;  // neither markers nor what a transaction left open or aborted

  bool is_empty() const {
    return key.empty() && value.empty() && header.empty() && !only_committed;
  }
  bool passes(const SeenRecord& seen) const;
};

}  // namespace odradek::broker::dashboard
