#include "odradek/properties.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "client/error_map.h"
#include "client/properties/property.h"

namespace odradek::client {
namespace {

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  for (const auto properties :
       {client_properties(), security_properties(), producer_properties(), consumer_properties()}) {
    for (const Property& property : properties) names.emplace_back(property.name);
  }
  for (const std::string_view name : properties_without_effect()) names.emplace_back(name);
  return names;
}

Error unknown(std::string_view name) {
  std::string reason = fmt::format("property {} is not known", name);
  const std::string nearest = nearest_name(name, known_names());
  if (!nearest.empty()) reason += fmt::format("; did you mean {}?", nearest);
  return {Errc::kConfig, std::move(reason)};
}

// Some names, like request.timeout.ms, are for more than one of the options.
Result<void> apply(const std::string& name, const std::string& value, PropertyDraft& draft) {
  bool is_known = false;
  for (const auto properties :
       {client_properties(), security_properties(), producer_properties(), consumer_properties()}) {
    const auto found = std::ranges::find(properties, std::string_view(name), &Property::name);
    if (found == properties.end()) continue;
    is_known = true;
    const Result<void> set = found->set(value, draft);
    if (!set) {
      return Error(Errc::kConfig, fmt::format("property {}: {}", name, set.error().message()));
    }
  }
  if (is_known) return {};
  if (std::ranges::find(properties_without_effect(), name) == properties_without_effect().end()) {
    return unknown(name);
  }
  draft.options.without_effect.push_back(name);
  return {};
}

Result<kafka::PropertyOptions> read(const kafka::Properties& properties) {
  PropertyDraft draft;
  for (const auto& [name, value] : properties) ODK_TRY_VOID(apply(name, value, draft));
  ODK_TRY_VOID(finish_security(draft));
  draft.options.producer.compression.level = draft.compression_level;
  return std::move(draft.options);
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Result<PropertyOptions> from_properties(const Properties& properties) {
  return client::to_public(client::read(properties));
}

}  // namespace odradek::kafka
