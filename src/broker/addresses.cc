#include "broker/addresses.h"

namespace odradek::broker {
namespace {

bool is_wildcard(std::string_view host) {
  return host.empty() || host == "0.0.0.0" || host == "::" || host == "*";
}

}  // namespace

void Addresses::add(const std::string& listener, const io::HostPort& bound,
                    const io::HostPort& advertised) {
  listeners_.insert_or_assign(listener, Listener{bound, advertised});
}

io::HostPort Addresses::for_client(const rpc::ConnectionInfo& connection) const {
  io::HostPort address = of_listener(connection.listener);
  const auto found = listeners_.find(connection.listener);
  const bool told = found != listeners_.end() && !found->second.advertised.host.empty();
  if (told) return address;
  const Result<io::HostPort> reached = io::parse_host_port(connection.local_address, address.port);
  if (!reached || reached->host.empty()) return address;
  if (reached->port != 0) address.port = reached->port;
  address.host = reached->host;
  return address;
}

io::HostPort Addresses::of_listener(std::string_view listener) const {
  const auto found = listeners_.find(listener);
  if (found == listeners_.end()) return {"127.0.0.1", 0};
  const auto& [bound, advertised] = found->second;
  io::HostPort address = bound;
  if (is_wildcard(address.host)) address.host = "127.0.0.1";
  if (!advertised.host.empty()) address.host = advertised.host;
  if (advertised.port != 0) address.port = advertised.port;
  return address;
}

}  // namespace odradek::broker
