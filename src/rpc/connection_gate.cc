#include "rpc/connection_gate.h"

#include <algorithm>

namespace odradek::rpc {
namespace {

// "10.0.0.1" of "10.0.0.1:4711", "::1" of "[::1]:4711".
std::string_view address_of(std::string_view peer) {
  std::string_view host = peer.substr(0, peer.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

void count_down(std::map<std::string, size_t, std::less<>>& counts, std::string_view key) {
  const auto found = counts.find(key);
  if (found != counts.end() && --found->second == 0) counts.erase(found);
}

}  // namespace

bool ConnectionGate::counts_addresses() const {
  return limits_.max_connections_per_ip.has_value() || !limits_.max_connections_of_ip.empty();
}

bool ConnectionGate::is_too_fast(std::string_view address, MonotonicTime now) {
  if (!limits_.max_connection_rate_of_ip) return false;
  const double rate = limits_.max_connection_rate_of_ip(address);
  if (rate <= 0) return false;
  // Whoever was not here for a second has all of its room again.
  if (address_rates_.size() >= kAddressRatesMax) {
    std::erase_if(address_rates_, [now](const auto& each) {
      return now - each.second.at > std::chrono::seconds(1);
    });
  }
  if (address_rates_.size() >= kAddressRatesMax) address_rates_.clear();
  return !address_rates_[std::string(address)].try_take(rate, now);
}

std::optional<std::string_view> ConnectionGate::enter(const ListenerOptions& listener,
                                                      std::string_view peer, MonotonicTime now) {
  if (count_ >= limits_.max_connections) return "max.connections";
  const auto of_listener = by_listener_.find(listener.name);
  if (of_listener != by_listener_.end() && of_listener->second >= listener.max_connections) {
    return "max.connections of the listener";
  }
  if (counts_addresses()) {
    const std::string address(address_of(peer));
    const auto own = limits_.max_connections_of_ip.find(address);
    const size_t for_all = limits_.max_connections_per_ip.value_or(limits_.max_connections);
    const size_t most = own == limits_.max_connections_of_ip.end() ? for_all : own->second;
    const auto found = by_address_.find(address);
    const size_t open = found == by_address_.end() ? 0 : found->second;
    if (open >= most) return "max.connections.per.ip";
  }
  if (is_too_fast(address_of(peer), now)) return "connection_creation_rate of the address";
  if (counts_addresses()) ++by_address_[std::string(address_of(peer))];
  ++by_listener_[listener.name];
  ++count_;
  return std::nullopt;
}

void ConnectionGate::leave(std::string_view listener, std::string_view peer) {
  --count_;
  count_down(by_listener_, listener);
  if (counts_addresses()) count_down(by_address_, address_of(peer));
}

Duration ConnectionGate::pace(const ListenerOptions& listener, MonotonicTime now) {
  Duration wait(0);
  if (limits_.max_connection_rate > 0) wait = all_.take(limits_.max_connection_rate, now);
  if (listener.max_connection_rate > 0) {
    wait = std::max(wait, rates_[listener.name].take(listener.max_connection_rate, now));
  }
  return wait;
}

void ConnectionGate::Bucket::refill(double per_second, MonotonicTime now) {
  const double passed = std::chrono::duration<double>(now - at).count();
  at = now;
  used = std::max(0.0, used - passed * per_second);
}

bool ConnectionGate::Bucket::try_take(double per_second, MonotonicTime now) {
  refill(per_second, now);
  if (used + 1 > std::max(per_second, 1.0)) return false;
  used += 1;
  return true;
}

Duration ConnectionGate::Bucket::take(double per_second, MonotonicTime now) {
  refill(per_second, now);
  used += 1;
  const double room = std::max(per_second, 1.0);
  if (used <= room) return Duration(0);
  const std::chrono::duration<double> wait((used - room) / per_second);
  return std::chrono::duration_cast<Duration>(wait);
}

}  // namespace odradek::rpc
