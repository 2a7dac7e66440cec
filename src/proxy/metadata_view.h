#pragma once

#include <string_view>

#include "base/arena.h"
#include "proto/messages/metadata_response.h"
#include "proxy/remap/mapping_registry.h"
#include "proxy/topology.h"

namespace odradek::proxy {

// What clients are shown of the cluster: virtual partitions of mapped topics, proxy instances as
// brokers. Rewrites `response` in place; new arrays are in `arena`, host names in `topology`.
// Topics whose mapping does not fit get INVALID_TOPIC_EXCEPTION; gives their number.
int show_virtual_cluster(proto::MetadataResponse& response, const MappingRegistry& registry,
                         const Topology& topology, Arena& arena);

// One topic of it. True when the mapping fits or there is none.
bool show_virtual_topic(proto::MetadataResponse::MetadataResponseTopic& topic,
                        const MappingRegistry& registry, const Topology& topology, Arena& arena);

}  // namespace odradek::proxy
