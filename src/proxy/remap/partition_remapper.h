#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace odradek::proxy {

// Which of the C = V / P virtual partitions of one physical partition: 0 .. C-1.
using GroupIndex = StrongId<int32_t, struct GroupIndexTag>;
// An address in a physical partition that also says which group it belongs to:
// group * offset_range + broker offset. Never sent to a broker, which assigns its own offsets.
using SegmentedOffset = StrongId<int64_t, struct SegmentedOffsetTag>;

inline constexpr int64_t kDefaultOffsetRange = int64_t{1} << 40;
inline constexpr int64_t kMinOffsetRange = int64_t{1} << 20;
inline constexpr int32_t kMaxVirtualPartitions = 1 << 20;
inline constexpr int32_t kMaxGroups = 256;

struct MappingSpec {
  int32_t virtual_partitions = 0;
  int32_t physical_partitions = 0;
  int64_t offset_range = kDefaultOffsetRange;
  // Clients see segmented offsets, so that an offset names its virtual partition; else the
  // broker's.
  bool segmented = false;

  bool operator==(const MappingSpec&) const = default;
};

// The arithmetic of one mapping of V virtual over P physical partitions: p = v % P, g = v / P.
// `v % P` and not `v / C`, because P divides V, so (hash % V) % P == hash % P: a key lands on the
// same physical partition whether it was produced directly or through the proxy. Immutable.
class PartitionRemapper {
 public:
  struct PhysicalAddress {
    PartitionId partition;
    SegmentedOffset offset;
    bool operator==(const PhysicalAddress&) const = default;
  };
  struct VirtualAddress {
    VirtualPartitionId partition;
    Offset offset;  // the broker's
    bool operator==(const VirtualAddress&) const = default;
  };
  struct OffsetRange {
    SegmentedOffset begin;
    SegmentedOffset end;  // exclusive
  };

  // kConfig, in words, unless 1 <= P <= V <= 2^20, P divides V, V / P <= 256 and the offset
  // range is at least 2^20 and leaves room for all groups in 63 bits.
  static Result<PartitionRemapper> create(const MappingSpec& spec);

  int32_t virtual_partitions() const { return spec_.virtual_partitions; }
  int32_t physical_partitions() const { return spec_.physical_partitions; }
  int32_t compression_ratio() const { return spec_.virtual_partitions / spec_.physical_partitions; }
  int64_t offset_range() const { return spec_.offset_range; }
  const MappingSpec& spec() const { return spec_; }

  bool contains(VirtualPartitionId partition) const {
    return partition.value() >= 0 && partition.value() < spec_.virtual_partitions;
  }
  bool contains(PartitionId partition) const {
    return partition.value() >= 0 && partition.value() < spec_.physical_partitions;
  }

  // kInvalidArgument outside 0 .. V-1.
  Result<PartitionId> virtual_to_physical(VirtualPartitionId partition) const;

  // The same for partitions known to exist: an assertion instead of an error.
  PartitionId physical_of(VirtualPartitionId partition) const;
  GroupIndex group_of(VirtualPartitionId partition) const;
  VirtualPartitionId virtual_of(GroupIndex group, PartitionId partition) const;

  // Ascending: p, p + P, ...; empty for a partition that does not exist.
  std::vector<VirtualPartitionId> virtual_partitions_for_physical(PartitionId partition) const;

  // The two directions of the bijection between (virtual partition, broker offset) and (physical
  // partition, segmented offset). kInvalidArgument for a partition that does not exist,
  // kLimitExceeded for an offset that is negative or beyond the range.
  Result<PhysicalAddress> virtual_to_physical_offset(VirtualPartitionId partition,
                                                     Offset offset) const;
  Result<VirtualAddress> physical_to_virtual(PartitionId partition, SegmentedOffset offset) const;

  // What lies between the offsets clients see of a partition and the broker's: 0 unless segmented.
  int64_t client_offset_base(GroupIndex group) const {
    return spec_.segmented ? group.value() * spec_.offset_range : 0;
  }

  // The segmented offsets of a virtual partition. kInvalidArgument when it does not exist.
  Result<OffsetRange> offset_range_for_virtual(VirtualPartitionId partition) const;
  bool offset_belongs_to_virtual(VirtualPartitionId partition, SegmentedOffset offset) const;

 private:
  explicit PartitionRemapper(const MappingSpec& spec) : spec_(spec) {}

  MappingSpec spec_;
};

}  // namespace odradek::proxy
