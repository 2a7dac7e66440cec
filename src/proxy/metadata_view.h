#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "proto/messages/metadata_response.h"
#include "proxy/remap/mapping_registry.h"
#include "proxy/topology.h"

namespace odradek::proxy {

// What clients are shown of the cluster: virtual partitions of mapped topics, and the brokers of
// the topology. Rewrites `response` in place; new arrays are in `arena`, host names in `topology`.
// Topics whose mapping does not fit get INVALID_TOPIC_EXCEPTION; gives their number.
int show_virtual_cluster(proto::MetadataResponse& response, const MappingRegistry& registry,
                         const Topology& topology, Arena& arena);

// One topic of it. True when the mapping fits or there is none.
bool show_virtual_topic(proto::MetadataResponse::MetadataResponseTopic& topic,
                        const MappingRegistry& registry, const Topology& topology, Arena& arena);

// The brokers clients are shown instead of the cluster's; `id` is the member with their numbers.
template <class Broker>
std::span<Broker> shown_brokers(std::span<Broker> real, int32_t Broker::* id,
                                const Topology& topology, Arena& arena) {
  if (topology.mode() == NodeMode::kBrokers) {
    for (Broker& broker : real) {
      const io::HostPort& address = topology.address_of(broker.*id);
      broker.host = address.host;
      broker.port = address.port;
    }
    return real;
  }
  const auto& nodes = topology.nodes();
  const std::span<Broker> shown = arena.array<Broker>(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    shown[i].*id = nodes[i].id;
    shown[i].host = nodes[i].address.host;
    shown[i].port = nodes[i].address.port;
  }
  return shown;
}

inline int32_t shown_controller(int32_t real, const Topology& topology) {
  return topology.mode() == NodeMode::kBrokers ? real : topology.controller().id;
}

}  // namespace odradek::proxy
