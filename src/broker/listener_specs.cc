#include "broker/listener_specs.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "broker/security/listener_properties.h"

namespace odradek::broker {
namespace {

Result<ProtocolMap> protocol_map(const Settings& settings) {
  return parse_protocol_map(settings.given("listener.security.protocol.map").value_or(""));
}

Result<void> advertise(const Settings& settings, std::vector<ListenerSpec>& listeners) {
  const std::optional<std::string> text = settings.given("advertised.listeners");
  if (!text) return {};
  ODK_TRY(const std::vector<Endpoint> advertised, parse_endpoints("advertised.listeners", *text));
  for (const Endpoint& endpoint : advertised) {
    const auto found = std::ranges::find(
        listeners, endpoint.name, [](const ListenerSpec& spec) { return spec.options.name; });
    if (found == listeners.end()) {
      return Error(Errc::kConfig,
                   fmt::format("advertised.listeners: there is no listener {}", endpoint.name));
    }
    found->advertise = endpoint.address;
  }
  return {};
}

Result<std::vector<ListenerSpec>> from_properties(const Settings& settings,
                                                  const std::string& text) {
  ODK_TRY(const std::vector<Endpoint> endpoints, parse_endpoints("listeners", text));
  ODK_TRY(const ProtocolMap map, protocol_map(settings));
  const std::vector<std::string> controllers =
      ListenerProperties(settings, "").list("controller.listener.names");
  std::vector<ListenerSpec> listeners;
  std::set<std::string_view> names;
  for (const Endpoint& endpoint : endpoints) {
    if (std::ranges::find(controllers, endpoint.name) != controllers.end()) continue;
    if (!names.insert(endpoint.name).second) {
      return Error(Errc::kConfig, fmt::format("listeners: {} is named twice", endpoint.name));
    }
    ListenerSpec& spec = listeners.emplace_back();
    spec.options.name = endpoint.name;
    spec.options.host = endpoint.address.host;
    spec.options.port = endpoint.address.port;
    ODK_TRY(spec.security, protocol_of(map, endpoint.name));
  }
  if (listeners.empty()) return Error(Errc::kConfig, "listeners: none is for clients");
  ODK_TRY_VOID(advertise(settings, listeners));
  return listeners;
}

}  // namespace

Result<std::vector<ListenerSpec>> resolve_listeners(const Settings& settings,
                                                    std::vector<ListenerSpec> fallback) {
  if (const auto text = settings.given("listeners")) return from_properties(settings, *text);
  ODK_TRY(const ProtocolMap map, protocol_map(settings));
  std::set<std::string> names;
  for (size_t i = 0; i < fallback.size(); ++i) {
    rpc::ListenerOptions& options = fallback[i].options;
    if (!fallback[i].security && !options.tls && !options.sasl) {
      ODK_TRY(fallback[i].security, protocol_of(map, options.name));
    }
    if (!names.insert(options.name).second) {
      options.name = fmt::format("{}-{}", options.name, i + 1);
      names.insert(options.name);
    }
  }
  return fallback;
}

}  // namespace odradek::broker
