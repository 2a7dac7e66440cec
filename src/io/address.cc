#include "io/address.h"

#include <fmt/format.h>

#include <charconv>

namespace odradek::io {
namespace {

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Error bad_address(std::string_view text, std::string_view why) {
  return {Errc::kInvalidArgument, fmt::format("address \"{}\": {}", text, why)};
}

}  // namespace

std::string HostPort::to_string() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<HostPort> parse_host_port(std::string_view text, uint16_t default_port) {
  const std::string_view whole = trim(text);
  std::string_view host = whole;
  std::string_view port;
  bool has_port = false;
  if (whole.starts_with('[')) {
    const size_t end = whole.find(']');
    if (end == std::string_view::npos) return bad_address(text, "no ] after [");
    host = whole.substr(1, end - 1);
    port = whole.substr(end + 1);
    has_port = port.starts_with(':');
    if (!port.empty() && !has_port) return bad_address(text, "expected :port after ]");
  } else if (const size_t colon = whole.find(':'); colon != std::string_view::npos) {
    if (whole.find(':', colon + 1) != std::string_view::npos) {
      return bad_address(text, "an IPv6 address goes in brackets: [::1]:9092");
    }
    host = whole.substr(0, colon);
    port = whole.substr(colon);
    has_port = true;
  }
  if (host.empty()) return bad_address(text, "no host");
  if (host.find_first_of(" \t/@,") != std::string_view::npos) {
    return bad_address(text, "not a host name");
  }

  HostPort result{std::string(host), default_port};
  if (!has_port) {
    if (default_port == 0) return bad_address(text, "no port, expected host:port");
    return result;
  }
  port.remove_prefix(1);
  const char* const end = port.data() + port.size();
  const auto [stopped, failed] = std::from_chars(port.data(), end, result.port);
  if (failed != std::errc() || stopped != end) {
    return bad_address(text, "the port is not a number from 0 to 65535");
  }
  return result;
}

Result<std::vector<HostPort>> parse_host_ports(std::string_view text, uint16_t default_port) {
  std::vector<HostPort> result;
  std::string_view rest = text;
  while (true) {
    const size_t comma = rest.find(',');
    const std::string_view part = trim(rest.substr(0, comma));
    if (!part.empty()) {
      ODK_TRY(HostPort parsed, parse_host_port(part, default_port));
      result.push_back(std::move(parsed));
    }
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (result.empty()) return Error(Errc::kInvalidArgument, "no address, expected host:port");
  return result;
}

}  // namespace odradek::io
