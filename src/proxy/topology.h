#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "io/address.h"

namespace odradek::proxy {

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
  // At least one address; node ids are their positions.
  explicit Topology(std::vector<io::HostPort> addresses);

  const std::vector<VirtualNode>& nodes() const { return nodes_; }
  const VirtualNode& controller() const { return nodes_.front(); }
  // All virtual partitions of one physical partition have the same leader.
  const VirtualNode& leader(std::string_view topic, PartitionId partition) const;
  const VirtualNode& coordinator(std::string_view key) const;

 private:
  std::vector<VirtualNode> nodes_;
};

}  // namespace odradek::proxy
