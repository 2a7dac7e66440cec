#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace odradek::kafka {

struct TopicPartition {
  std::string topic{};
  int32_t partition = 0;

  auto operator<=>(const TopicPartition&) const = default;
};

// A position to commit, or committed: the offset of the next record to read.
struct OffsetAndMetadata {
  int64_t offset = 0;
  std::string metadata{};
  int32_t leader_epoch = -1;

  auto operator<=>(const OffsetAndMetadata&) const = default;
};

struct CommittedOffset {
  TopicPartition partition{};
  std::optional<OffsetAndMetadata> committed{};  // nothing committed yet
};

struct PartitionOffset {
  TopicPartition partition{};
  int64_t offset = 0;         // -1: there is none
  int64_t timestamp_ms = -1;  // of the record at that offset, when asked for by time
};

// One header of a record. No value is not the same as an empty one.
struct Header {
  std::string_view key{};
  std::optional<std::string_view> value{};
};

}  // namespace odradek::kafka
