#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace odradek::broker {

// When what was appended is made safe from a crash of the machine. (A crash of the broker alone
// loses nothing in any case.)
struct FlushPolicy {
  enum class When : uint8_t {
    kOs,        // as Kafka: full segments, and when the broker stops; else the system decides
    kInterval,  // and every `interval`
    kCommit,    // before it is acknowledged, and before anybody may read it
  };
  When when = When::kOs;
  Duration interval{};
};

// "os", "commit", or a time such as "50ms" or "2s". kConfig.
Result<FlushPolicy> parse_flush_policy(std::string_view text);

}  // namespace odradek::broker
