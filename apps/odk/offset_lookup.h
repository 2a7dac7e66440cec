#pragma once

#include <cstdint>
#include <vector>

#include "odradek/kafka.h"
#include "offset_text.h"

// What -o means in the partitions of a cluster.
namespace odk {

struct OffsetLookup {
  odradek::kafka::Admin* admin;
  std::vector<odradek::kafka::TopicPartition> partitions;
  odradek::kafka::Isolation isolation = odradek::kafka::Isolation::read_uncommitted;
  std::chrono::milliseconds wait{};
};
using Offsets = odradek::kafka::Result<std::vector<int64_t>>;

// Of each partition in their order: the first offset and the end, as `isolation` sees it.
Offsets first_offsets(const OffsetLookup& lookup);
Offsets last_offsets(const OffsetLookup& lookup);
// What `text` stands for: kAbsolute as it is, within the partition or not; at a time, the end where
// nothing is that late. invalid_argument for `stored`, which only the group knows.
Offsets offsets_of(const OffsetLookup& lookup, const OffsetText& text);

}  // namespace odk
