#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/slice.h"
#include "wire/record_iterator.h"

namespace odradek::backup {

// Headers that tell where a restored record came from. Numbers are little-endian: offset and time
// 8 bytes, partition 4. Source: the archives of kafka-backup by osodevops, whose readers know them.
inline constexpr std::string_view kOriginalOffsetHeader = "x-original-offset";
inline constexpr std::string_view kOriginalTimestampHeader = "x-original-timestamp";
inline constexpr std::string_view kSourcePartitionHeader = "x-source-partition";
inline constexpr std::string_view kSourceClusterHeader = "x-source-cluster";

struct OffsetHeaders {
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  int32_t partition = 0;
  std::string_view cluster{};  // empty: the header is left out
};

// Appends the record's payload (key, value, headers as encoded) to `out`: without the headers above
// that it brought, and with `added`, behind its others, when given. `record` was decoded in full.
void put_payload(Buffer& out, const wire::RecordView& record, const OffsetHeaders* added);

// The offset a record says it had; none without a header of eight bytes.
std::optional<int64_t> original_offset(const wire::RecordHeaders& headers);

}  // namespace odradek::backup
