#include "broker/security/endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace odradek::broker {
namespace {

constexpr std::string_view kNames[] = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"};

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return result;
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> items_of(std::string_view list) {
  std::vector<std::string_view> items;
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    const std::string_view item = trim(list.substr(0, end));
    if (!item.empty()) items.push_back(item);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return items;
}

Error bad(std::string_view setting, std::string_view what) {
  return {Errc::kConfig, fmt::format("{}: {}", setting, what)};
}

}  // namespace

std::string_view security_protocol_name(SecurityProtocol protocol) {
  return kNames[static_cast<size_t>(protocol)];
}

std::optional<SecurityProtocol> security_protocol_of(std::string_view name) {
  const auto* found = std::ranges::find(kNames, upper(name));
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<SecurityProtocol>(found - kNames);
}

Result<Endpoint> parse_endpoint(std::string_view setting, std::string_view text,
                                uint16_t default_port) {
  Endpoint endpoint;
  const size_t scheme = text.find("://");
  if (scheme != std::string_view::npos) {
    endpoint.name = upper(text.substr(0, scheme));
    text.remove_prefix(scheme + 3);
    if (endpoint.name.empty()) return bad(setting, "the listener's name before :// is empty");
    if (text.starts_with(':')) {  // Kafka: every interface
      Result<io::HostPort> port_only = io::parse_host_port(fmt::format("0.0.0.0{}", text));
      if (!port_only) return bad(setting, port_only.error().message());
      endpoint.address = *std::move(port_only);
      return endpoint;
    }
  }
  Result<io::HostPort> address = io::parse_host_port(text, default_port);
  if (!address) return bad(setting, address.error().message());
  endpoint.address = *std::move(address);
  return endpoint;
}

Result<std::vector<Endpoint>> parse_endpoints(std::string_view setting, std::string_view text) {
  std::vector<Endpoint> endpoints;
  for (const std::string_view item : items_of(text)) {
    ODK_TRY(Endpoint endpoint, parse_endpoint(setting, item, 0));
    if (endpoint.name.empty()) {
      return bad(setting, fmt::format("\"{}\" is not NAME://HOST:PORT", item));
    }
    endpoints.push_back(std::move(endpoint));
  }
  if (endpoints.empty()) return bad(setting, "at least one address is needed");
  return endpoints;
}

Result<ProtocolMap> parse_protocol_map(std::string_view text) {
  ProtocolMap map;
  for (const std::string_view item : items_of(text)) {
    const size_t colon = item.rfind(':');
    const std::optional<SecurityProtocol> protocol =
        security_protocol_of(item.substr(colon == std::string_view::npos ? 0 : colon + 1));
    if (colon == std::string_view::npos || !protocol) {
      return bad(
          "listener.security.protocol.map",
          fmt::format("\"{}\" is not NAME:PROTOCOL with one of {}", item, fmt::join(kNames, ", ")));
    }
    map.insert_or_assign(upper(item.substr(0, colon)), *protocol);
  }
  return map;
}

Result<SecurityProtocol> protocol_of(const ProtocolMap& map, std::string_view listener) {
  const auto found = map.find(listener);
  if (found != map.end()) return found->second;
  if (const auto own = security_protocol_of(listener)) return *own;
  return Error(Errc::kConfig, fmt::format("listener {}: no security protocol; name one of {} in "
                                          "listener.security.protocol.map",
                                          listener, fmt::join(kNames, ", ")));
}

}  // namespace odradek::broker
