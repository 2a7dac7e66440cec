#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "io/address.h"

namespace odradek::proxy {

// What clients take for the brokers of the cluster.
enum class NodeMode : uint8_t {
  kProxies,  // the instances of the proxy
  kBrokers   // the real ones by their numbers, all at the addresses of the proxy
};

// One proxy instance as clients see it: a broker.
struct VirtualNode {
  int32_t id = 0;
  io::HostPort address;
};

// The cluster clients see: the proxy instances as its brokers. Who leads what follows from names
// alone, so every instance gives the same answer; any of them serves any request all the same.
// Immutable.
class Topology {
 public:
  // At least one address; the ids of instances are their positions.
  explicit Topology(std::vector<io::HostPort> addresses, NodeMode mode = NodeMode::kProxies);

  NodeMode mode() const { return mode_; }
  // Where clients reach a real broker, for kBrokers.
  const io::HostPort& address_of(int32_t broker) const;

  // The instances, for kProxies.
  const std::vector<VirtualNode>& nodes() const { return nodes_; }
  const VirtualNode& controller() const { return nodes_.front(); }
  // All virtual partitions of one physical partition have the same leader.
  const VirtualNode& leader(std::string_view topic, PartitionId partition) const;
  const VirtualNode& coordinator(std::string_view key) const;

 private:
  NodeMode mode_;
  std::vector<VirtualNode> nodes_;
};

}  // namespace odradek::proxy
