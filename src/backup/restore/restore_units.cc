#include "backup/restore/restore_units.h"

#include <fmt/format.h>

#include <algorithm>

namespace odradek::backup {
namespace {

Error missing(const RestoredTopic& topic, std::string_view what) {
  return {Errc::kMalformed, fmt::format("the archive has no {} of topic {}, incarnation {}", what,
                                        topic.source, topic.incarnation)};
}

SourcePart part_of(const PartitionState& partition, int64_t end_offset, int32_t target) {
  SourcePart part;
  part.partition = partition.id;
  part.target_partition = target;
  part.end_offset = end_offset;
  part.aborted = partition.aborted;
  std::ranges::sort(part.aborted);
  std::ranges::copy_if(
      partition.segments, std::back_inserter(part.segments),
      [end_offset](const SegmentRef& segment) { return segment.covered_start < end_offset; });
  return part;
}

}  // namespace

Result<std::vector<LoadUnit>> units_of(const RestoredTopic& topic, const ArchiveState& archive,
                                       const ArchiveKeys& keys, const std::string& restore_id) {
  const auto archived = archive.topics.find({topic.source, topic.incarnation});
  if (archived == archive.topics.end()) return missing(topic, "trace");
  std::map<int32_t, LoadUnit> units;
  for (const auto& [partition, end_offset] : topic.ends) {
    const auto state = archived->second.partitions.find(partition);
    const auto target = topic.targets.find(partition);
    if (state == archived->second.partitions.end() || target == topic.targets.end()) {
      return missing(topic, fmt::format("partition {}", partition));
    }
    const int32_t number = topic.is_spread() ? 0 : static_cast<int32_t>(target->second);
    const auto base = topic.bases.find(number);
    if (base == topic.bases.end()) return missing(topic, fmt::format("place for {}", partition));
    LoadUnit& unit = units[number];
    SourcePart part = part_of(state->second, end_offset, number);
    part.map_prefix = offset_map_prefix(keys, restore_id, topic.source, partition);
    unit.sources.push_back(std::move(part));
    unit.target = {topic.target, {}, number};
    unit.options = topic.prepare;
    if (topic.is_spread()) {
      unit.bases = topic.bases;
    } else {
      unit.bases[number] = base->second;
    }
  }
  std::vector<LoadUnit> list;
  list.reserve(units.size());
  for (auto& [number, unit] : units) list.push_back(std::move(unit));
  return list;
}

}  // namespace odradek::backup
