#include "proxy/remap/partition_remapper.h"

#include <fmt/format.h>

#include <limits>

#include "base/assert.h"

namespace odradek::proxy {
namespace {

Error unknown_partition(const char* kind, int32_t partition, int32_t count) {
  return {Errc::kInvalidArgument,
          fmt::format("{} partition {} is not in 0..{}", kind, partition, count - 1)};
}

Error config_error(std::string text) { return {Errc::kConfig, std::move(text)}; }

}  // namespace

Result<PartitionRemapper> PartitionRemapper::create(const MappingSpec& spec) {
  if (spec.physical_partitions < 1) {
    return config_error(
        fmt::format("physical_partitions is {}, at least 1", spec.physical_partitions));
  }
  if (spec.virtual_partitions < spec.physical_partitions ||
      spec.virtual_partitions > kMaxVirtualPartitions) {
    return config_error(fmt::format("virtual_partitions is {}, from physical_partitions ({}) to {}",
                                    spec.virtual_partitions, spec.physical_partitions,
                                    kMaxVirtualPartitions));
  }
  if (spec.virtual_partitions % spec.physical_partitions != 0) {
    return config_error(
        fmt::format("virtual_partitions ({}) is not a multiple of physical_partitions ({})",
                    spec.virtual_partitions, spec.physical_partitions));
  }
  const int32_t groups = spec.virtual_partitions / spec.physical_partitions;
  if (groups > kMaxGroups) {
    return config_error(fmt::format("virtual_partitions / physical_partitions is {}, at most {}",
                                    groups, kMaxGroups));
  }
  const int64_t range_max = std::numeric_limits<int64_t>::max() / groups;
  if (spec.offset_range < kMinOffsetRange || spec.offset_range > range_max) {
    return config_error(fmt::format("offset_range is {}, from {} to {} with {} groups",
                                    spec.offset_range, kMinOffsetRange, range_max, groups));
  }
  return PartitionRemapper(spec);
}

Result<PartitionId> PartitionRemapper::virtual_to_physical(VirtualPartitionId partition) const {
  if (!contains(partition)) {
    return unknown_partition("virtual", partition.value(), spec_.virtual_partitions);
  }
  return physical_of(partition);
}

PartitionId PartitionRemapper::physical_of(VirtualPartitionId partition) const {
  ODK_ASSERT(contains(partition), "virtual partition {}", partition.value());
  return PartitionId(partition.value() % spec_.physical_partitions);
}

GroupIndex PartitionRemapper::group_of(VirtualPartitionId partition) const {
  ODK_ASSERT(contains(partition), "virtual partition {}", partition.value());
  return GroupIndex(partition.value() / spec_.physical_partitions);
}

VirtualPartitionId PartitionRemapper::virtual_of(GroupIndex group, PartitionId partition) const {
  ODK_ASSERT(group.value() >= 0 && group.value() < compression_ratio(), "group {}", group.value());
  ODK_ASSERT(contains(partition), "partition {}", partition.value());
  return VirtualPartitionId(group.value() * spec_.physical_partitions + partition.value());
}

std::vector<VirtualPartitionId> PartitionRemapper::virtual_partitions_for_physical(
    PartitionId partition) const {
  std::vector<VirtualPartitionId> found;
  if (!contains(partition)) return found;
  for (int32_t group = 0; group < compression_ratio(); ++group) {
    found.push_back(virtual_of(GroupIndex(group), partition));
  }
  return found;
}

Result<PartitionRemapper::PhysicalAddress> PartitionRemapper::virtual_to_physical_offset(
    VirtualPartitionId partition, Offset offset) const {
  ODK_TRY(const PartitionId physical, virtual_to_physical(partition));
  if (offset.value() < 0 || offset.value() >= spec_.offset_range) {
    return Error(Errc::kLimitExceeded,
                 fmt::format("offset {} is not in 0..{}", offset.value(), spec_.offset_range - 1));
  }
  const int64_t begin = group_of(partition).value() * spec_.offset_range;
  return PhysicalAddress{physical, SegmentedOffset(begin + offset.value())};
}

Result<PartitionRemapper::VirtualAddress> PartitionRemapper::physical_to_virtual(
    PartitionId partition, SegmentedOffset offset) const {
  if (!contains(partition)) {
    return unknown_partition("physical", partition.value(), spec_.physical_partitions);
  }
  const int64_t end = spec_.offset_range * compression_ratio();
  if (offset.value() < 0 || offset.value() >= end) {
    return Error(Errc::kLimitExceeded,
                 fmt::format("segmented offset {} is not in 0..{}", offset.value(), end - 1));
  }
  const auto group = GroupIndex(static_cast<int32_t>(offset.value() / spec_.offset_range));
  return VirtualAddress{virtual_of(group, partition), Offset(offset.value() % spec_.offset_range)};
}

Result<PartitionRemapper::OffsetRange> PartitionRemapper::offset_range_for_virtual(
    VirtualPartitionId partition) const {
  if (!contains(partition)) {
    return unknown_partition("virtual", partition.value(), spec_.virtual_partitions);
  }
  const int64_t begin = group_of(partition).value() * spec_.offset_range;
  return OffsetRange{SegmentedOffset(begin), SegmentedOffset(begin + spec_.offset_range)};
}

bool PartitionRemapper::offset_belongs_to_virtual(VirtualPartitionId partition,
                                                  SegmentedOffset offset) const {
  const Result<OffsetRange> range = offset_range_for_virtual(partition);
  return range && offset >= range->begin && offset < range->end;
}

}  // namespace odradek::proxy
