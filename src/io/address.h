#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace odradek::io {

struct HostPort {
  std::string host;
  uint16_t port = 0;

  bool operator==(const HostPort&) const = default;
  std::string to_string() const;  // IPv6 hosts in brackets
};

// "host:port", "[v6]:port", or with `default_port` just "host". Errors: kInvalidArgument.
Result<HostPort> parse_host_port(std::string_view text, uint16_t default_port = 0);
// Comma-separated, blanks allowed, at least one.
Result<std::vector<HostPort>> parse_host_ports(std::string_view text, uint16_t default_port = 0);

}  // namespace odradek::io
