#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/cluster.h"
#include "io/address.h"
#include "proxy/remap/mapping_registry.h"
#include "proxy/remap/shadow_groups.h"
#include "proxy/security/access_rules.h"
#include "proxy/security/listener_security.h"
#include "proxy/security/upstream_security.h"
#include "proxy/topology.h"
#include "rpc/server.h"

namespace odradek::proxy {

// What becomes of groups whose partitions the broker assigns (KIP-848).
enum class Kip848Mode : uint8_t {
  kExpand,  // a member gets all virtual partitions of each physical one; at most P members have any
  kHide  // not offered: clients use classic groups
};

// Everything the proxy can be told, checked by whoever fills it (proxy_config.h).
struct ProxyOptions {
  // Client side.
  io::HostPort listen{"127.0.0.1", 0};
  // What clients are told to connect to: one address per instance, the same on all of them.
  // Empty: the address bound.
  std::vector<io::HostPort> advertised;
  NodeMode node_mode = NodeMode::kProxies;
  rpc::ServerLimits limits;
  std::shared_ptr<ListenerSecurity> listener_security;  // nothing: plaintext, anybody

  std::shared_ptr<const AccessRules> access = std::make_shared<const AccessRules>();

  // Broker side.
  cluster::ClusterOptions kafka;
  std::shared_ptr<UpstreamSecurity> upstream_security;  // behind kafka.security; nothing: none

  // Mapping.
  std::optional<MappingSpec> fallback;  // topics no rule names; nothing: passed through
  std::vector<TopicRule> topics;
  bool auto_create = false;  // create mapped topics that clients ask for

  // Data path.
  int32_t produce_lanes = 4;  // upstream connections per client and broker that produce
  int64_t list_offsets_scan_bytes = 8 << 20;
  // Latest records kept for consumers that wait at the end of partitions; 0: each reads alone.
  size_t fetch_cache_bytes = 64 << 20;
  // What may be read for clients before they ask, together; 0: nothing is.
  int64_t fetch_read_ahead_bytes = 64 << 20;
  Kip848Mode kip848 = Kip848Mode::kExpand;
  std::string shadow_suffix{kDefaultShadowSuffix};
  // Instances compare their mappings in a topic of the cluster, and do not start where they differ.
  bool consistency_topic = false;
};

}  // namespace odradek::proxy
