#pragma once

#include <map>
#include <string>
#include <string_view>

#include "io/address.h"
#include "rpc/request.h"

namespace odradek::broker {

// What clients are told to connect to: one rule for every answer that names an address. A listener
// with an advertised address names that; any other names the address the client has reached.
class Addresses {
 public:
  // `bound` is where the listener of this name really listens; an empty host or port 0 in
  // `advertised` is taken from it.
  void add(const std::string& listener, const io::HostPort& bound, const io::HostPort& advertised);
  void clear() { listeners_.clear(); }

  io::HostPort for_client(const rpc::ConnectionInfo& connection) const;
  // Of one listener, for those that are not connected: banners and ready files.
  io::HostPort of_listener(std::string_view listener) const;

 private:
  struct Listener {
    io::HostPort bound;
    io::HostPort advertised;
  };
  std::map<std::string, Listener, std::less<>> listeners_;
};

}  // namespace odradek::broker
