#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/cluster.h"
#include "io/address.h"
#include "proxy/remap/mapping_registry.h"
#include "proxy/remap/shadow_groups.h"
#include "rpc/server.h"

namespace odradek::proxy {

// Everything the proxy can be told, checked by whoever fills it (proxy_config.h).
struct ProxyOptions {
  // Client side.
  io::HostPort listen{"127.0.0.1", 0};
  // What clients are told to connect to: one address per instance, the same on all of them.
  // Empty: the address bound.
  std::vector<io::HostPort> advertised;
  rpc::ServerLimits limits;

  // Broker side.
  cluster::ClusterOptions kafka;

  // Mapping.
  std::optional<MappingSpec> fallback;  // topics no rule names; nothing: passed through
  std::vector<TopicRule> topics;
  bool auto_create = false;  // create mapped topics that clients ask for

  // Data path.
  int32_t produce_lanes = 4;  // upstream connections per client and broker that produce
  int64_t list_offsets_scan_bytes = 8 << 20;
  std::string shadow_suffix{kDefaultShadowSuffix};
};

}  // namespace odradek::proxy
