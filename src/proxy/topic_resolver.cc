#include "proxy/topic_resolver.h"

namespace odradek::proxy {

using proto::ErrorCode;

int32_t ResolvedTopic::partition_count() const {
  if (remapper != nullptr) return remapper->virtual_partitions();
  return physical == nullptr ? 0 : static_cast<int32_t>(physical->partitions.size());
}

std::optional<PhysicalPlace> ResolvedTopic::place(int32_t client_partition) const {
  if (client_partition < 0 || client_partition >= partition_count()) return std::nullopt;
  if (remapper == nullptr) return PhysicalPlace{PartitionId(client_partition), GroupIndex(0)};
  const VirtualPartitionId partition(client_partition);
  return PhysicalPlace{remapper->physical_of(partition), remapper->group_of(partition)};
}

int32_t ResolvedTopic::client_partition(const PhysicalPlace& place) const {
  if (remapper == nullptr) return place.partition.value();
  return remapper->virtual_of(place.group, place.partition).value();
}

int32_t ResolvedTopic::leader(PartitionId partition) const {
  const cluster::Partition* found =
      physical == nullptr ? nullptr : physical->partition(partition.value());
  return found == nullptr ? -1 : found->leader;
}

MappingDecision decide_mapping(const MappingRegistry& registry, std::string_view name,
                               bool is_internal, size_t partition_count) {
  if (is_internal) return {};
  const std::optional<MappingMatch> match = registry.match(name);
  if (!match) return {};
  if (static_cast<size_t>(match->remapper->physical_partitions()) == partition_count) {
    return {ErrorCode{}, match->remapper};
  }
  if (match->source == MappingSource::kDefault) return {};
  return {ErrorCode::kInvalidTopicException, nullptr};
}

ResolvedTopic resolve_topic(const cluster::Metadata& metadata, const MappingRegistry& registry,
                            std::string_view name) {
  const cluster::Topic* topic = metadata.topic(name);
  if (topic == nullptr) return {.error = ErrorCode::kUnknownTopicOrPartition};
  if (topic->error != ErrorCode{}) return {.error = topic->error};
  const MappingDecision decision =
      decide_mapping(registry, name, topic->is_internal, topic->partitions.size());
  return {.error = decision.error, .physical = topic, .remapper = decision.remapper};
}

}  // namespace odradek::proxy
