#include "proxy/remap/topic_creation.h"

namespace odradek::proxy {

TopicCreation decide_creation(const MappingRegistry& registry, std::string_view topic,
                              int32_t partitions, size_t assignments) {
  using Outcome = TopicCreation::Outcome;
  const std::optional<MappingMatch> match = registry.match(topic);
  if (!match) return {};
  const PartitionRemapper& remapper = *match->remapper;
  const bool is_named = match->source == MappingSource::kNamed;
  if (assignments > 0) {
    const bool would_map = assignments == static_cast<size_t>(remapper.physical_partitions());
    if (is_named || would_map) return {Outcome::kOwnAssignment, match->remapper};
    return {};
  }
  if (partitions == -1 || partitions == remapper.virtual_partitions()) {
    return {Outcome::kMapped, match->remapper};
  }
  const bool would_map = partitions == remapper.physical_partitions();
  if (is_named || would_map) return {Outcome::kWrongCount, match->remapper};
  return {};
}

}  // namespace odradek::proxy
