#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ids.h"
#include "cluster/metadata.h"
#include "proto/error_code.h"
#include "proxy/remap/mapping_registry.h"

namespace odradek::proxy {

// Where a client's partition lies. Group 0 for topics that are not mapped.
struct PhysicalPlace {
  PartitionId partition;
  GroupIndex group;
};

// A topic as the client names it, together with what the cluster has. A view: the topic belongs
// to the metadata, the remapper to the registry.
struct ResolvedTopic {
  proto::ErrorCode error{};                     // of the whole topic; then nothing else counts
  const cluster::Topic* physical = nullptr;
  const PartitionRemapper* remapper = nullptr;  // nullptr: passed through

  bool ok() const { return error == proto::ErrorCode{}; }
  // How many partitions the client sees.
  int32_t partition_count() const;
  // Nothing for a partition that does not exist.
  std::optional<PhysicalPlace> place(int32_t client_partition) const;
  int32_t client_partition(const PhysicalPlace& place) const;
  // Between the offsets a client sees of the place and the broker's (mapping.offset_mode). What is
  // negative means something else and stays. Nothing for an offset of another virtual partition;
  // -1 for one beyond the range.
  std::optional<int64_t> broker_offset(const PhysicalPlace& place, int64_t client_offset) const;
  int64_t client_offset(const PhysicalPlace& place, int64_t broker_offset) const;
  // Broker id; -1 while there is no leader.
  int32_t leader(PartitionId partition) const;
};

// Mapped is a topic that the registry matches, that is not internal, and that really has P
// partitions. One with another number of partitions is passed through when only the default
// matched, and INVALID_TOPIC_EXCEPTION when it was named: reading or writing it either way would
// be wrong. Unknown topics: UNKNOWN_TOPIC_OR_PARTITION.
ResolvedTopic resolve_topic(const cluster::Metadata& metadata, const MappingRegistry& registry,
                            std::string_view name);

// The same decision from a partition count alone, where there is no cluster::Topic.
struct MappingDecision {
  proto::ErrorCode error{};
  const PartitionRemapper* remapper = nullptr;
};
MappingDecision decide_mapping(const MappingRegistry& registry, std::string_view name,
                               bool is_internal, size_t partition_count);

}  // namespace odradek::proxy
