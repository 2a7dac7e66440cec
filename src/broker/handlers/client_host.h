#pragma once

#include <string>

#include "rpc/request.h"

namespace odradek::broker {

// A client's address as group descriptions show it: "/127.0.0.1", the form of Java's InetAddress.
inline std::string client_host(const rpc::ConnectionInfo& connection) {
  const std::string& peer = connection.peer_address;
  const size_t colon = peer.rfind(':');
  return "/" + (colon == std::string::npos ? peer : peer.substr(0, colon));
}

}  // namespace odradek::broker
