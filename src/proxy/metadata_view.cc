#include "proxy/metadata_view.h"

#include <algorithm>

#include "proxy/topic_resolver.h"

namespace odradek::proxy {

using proto::ErrorCode;
using proto::MetadataResponse;

namespace {

using Partition = MetadataResponse::MetadataResponsePartition;
using Topic = MetadataResponse::MetadataResponseTopic;

// Where the instances stand for brokers, one of them leads and is the only replica; where the real
// partition has no leader the error says so and nobody leads.
void show_leader(Partition& partition, std::string_view topic, PartitionId physical,
                 const Topology& topology, Arena& arena) {
  if (topology.mode() == NodeMode::kBrokers) return;
  const VirtualNode& node = topology.leader(topic, physical);
  const auto replicas = arena.array<int32_t>(1);
  replicas[0] = node.id;
  const bool has_leader = partition.leader_id >= 0;
  partition.leader_id = has_leader ? node.id : -1;
  partition.replica_nodes = replicas;
  partition.isr_nodes = has_leader ? replicas : replicas.first(0);
  partition.offline_replicas = has_leader ? replicas.first(0) : replicas;
}

std::span<Partition> expand(const Topic& topic, const PartitionRemapper& remapper,
                            const Topology& topology, Arena& arena) {
  const auto count = static_cast<size_t>(remapper.virtual_partitions());
  const std::span<Partition> all = arena.array<Partition>(count);
  for (size_t v = 0; v < count; ++v) {
    const VirtualPartitionId partition(static_cast<int32_t>(v));
    const PartitionId physical = remapper.physical_of(partition);
    const auto found = std::ranges::lower_bound(topic.partitions, physical.value(), {},
                                                &Partition::partition_index);
    Partition& shown = all[v];
    if (found != topic.partitions.end() && found->partition_index == physical.value()) {
      shown = *found;
    } else {
      shown.error_code = proto::to_number(ErrorCode::kLeaderNotAvailable);
      shown.leader_id = -1;
    }
    shown.partition_index = partition.value();
    show_leader(shown, topic.name, physical, topology, arena);
  }
  return all;
}

}  // namespace

bool show_virtual_topic(Topic& topic, const MappingRegistry& registry, const Topology& topology,
                        Arena& arena) {
  if (topic.error_code != 0) return true;
  const MappingDecision decision =
      decide_mapping(registry, topic.name, topic.is_internal, topic.partitions.size());
  if (decision.error != ErrorCode{}) {
    topic.error_code = proto::to_number(decision.error);
    topic.partitions = {};
    return false;
  }
  // A broker lists partitions in any order; by number they are found at once below.
  std::ranges::sort(topic.partitions, {}, &Partition::partition_index);
  if (decision.remapper != nullptr) {
    topic.partitions = expand(topic, *decision.remapper, topology, arena);
    return true;
  }
  for (Partition& partition : topic.partitions) {
    const PartitionId physical(partition.partition_index);
    show_leader(partition, topic.name, physical, topology, arena);
  }
  return true;
}

int show_virtual_cluster(MetadataResponse& response, const MappingRegistry& registry,
                         const Topology& topology, Arena& arena) {
  using Broker = MetadataResponse::MetadataResponseBroker;
  response.brokers = shown_brokers(response.brokers, &Broker::node_id, topology, arena);
  response.controller_id = shown_controller(response.controller_id, topology);
  int mismatches = 0;
  for (Topic& topic : response.topics) {
    if (!show_virtual_topic(topic, registry, topology, arena)) ++mismatches;
  }
  return mismatches;
}

}  // namespace odradek::proxy
