#include "proxy/topology.h"

#include <utility>

#include "base/assert.h"

namespace odradek::proxy {
namespace {

// FNV-1a, because instances of any version and machine must agree.
uint64_t fnv1a(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001B3;
  }
  return hash;
}

}  // namespace

Topology::Topology(std::vector<io::HostPort> addresses, NodeMode mode) : mode_(mode) {
  ODK_ASSERT(!addresses.empty(), "no advertised address");
  for (io::HostPort& address : addresses) {
    nodes_.push_back({static_cast<int32_t>(nodes_.size()), std::move(address)});
  }
}

const io::HostPort& Topology::address_of(int32_t broker) const {
  return nodes_[static_cast<uint32_t>(broker) % nodes_.size()].address;
}

const VirtualNode& Topology::leader(std::string_view topic, PartitionId partition) const {
  const uint64_t at = fnv1a(topic) + static_cast<uint64_t>(partition.value());
  return nodes_[at % nodes_.size()];
}

const VirtualNode& Topology::coordinator(std::string_view key) const {
  return nodes_[fnv1a(key) % nodes_.size()];
}

}  // namespace odradek::proxy
