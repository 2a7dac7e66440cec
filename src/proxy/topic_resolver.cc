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

std::optional<int64_t> ResolvedTopic::broker_offset(const PhysicalPlace& place,
                                                    int64_t client_offset) const {
  if (client_offset < 0 || remapper == nullptr || !remapper->spec().segmented) return client_offset;
  const int64_t offset = client_offset - remapper->client_offset_base(place.group);
  if (offset < 0 || offset >= remapper->offset_range()) return std::nullopt;
  return offset;
}

int64_t ResolvedTopic::client_offset(const PhysicalPlace& place, int64_t broker_offset) const {
  if (broker_offset < 0 || remapper == nullptr || !remapper->spec().segmented) return broker_offset;
  if (broker_offset >= remapper->offset_range()) return -1;
  return broker_offset + remapper->client_offset_base(place.group);
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
