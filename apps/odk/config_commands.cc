// odk configs.
#include <fmt/format.h>

#include "commands.h"
#include "json_output.h"

namespace odk {

namespace ok = odradek::kafka;

namespace {

ok::Resource resource_of(const Settings& settings) {
  ok::Resource resource{.type = ok::ResourceType::topic, .name = settings.resource};
  if (settings.resource_type == "broker") resource.type = ok::ResourceType::broker;
  if (settings.resource_type == "logger") resource.type = ok::ResourceType::broker_logger;
  if (settings.resource_type == "client-metrics") resource.type = ok::ResourceType::client_metrics;
  if (settings.resource_type == "group") resource.type = ok::ResourceType::group;
  return resource;
}

std::string_view name_of(ok::ConfigSource source) {
  switch (source) {
    case ok::ConfigSource::unknown: return "unknown";
    case ok::ConfigSource::topic: return "topic";
    case ok::ConfigSource::broker: return "broker";
    case ok::ConfigSource::broker_default: return "broker default";
    case ok::ConfigSource::broker_file: return "broker file";
    case ok::ConfigSource::built_in: return "built in";
    case ok::ConfigSource::broker_logger: return "broker logger";
    case ok::ConfigSource::client_metrics: return "client metrics";
    case ok::ConfigSource::group: return "group";
  }
  return "unknown";
}

}  // namespace

Outcome describe_configs(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  const auto entries = admin.describe_configs(resource_of(settings), wait_of(settings)).get();
  if (!entries) return entries.error();
  for (const ok::ConfigEntry& entry : *entries) {
    if (settings.changed_only && entry.is_default) continue;
    if (settings.json) {
      print_json({{"name", entry.name},
                  {"value", entry.value ? Json(*entry.value) : Json()},
                  {"source", name_of(entry.source)},
                  {"read_only", entry.is_read_only},
                  {"sensitive", entry.is_sensitive}});
    } else {
      write_out("{}={}\t{}\n", entry.name,
                entry.value.value_or(entry.is_sensitive ? "(secret)" : "(none)"),
                name_of(entry.source));
    }
  }
  return {};
}

// "name=value" sets, "name" takes away, "name+=value" and "name-=value" change lists.
Outcome alter_configs(const ok::Client& client, const Settings& settings) {
  std::vector<ok::ConfigChange> changes;
  for (const std::string& text : settings.configs) {
    auto [name, value] = split_pair(text);
    ok::ConfigChange change{.name = name, .value = value};
    if (!value) change.operation = ok::AlterOperation::remove;
    if (value && name.ends_with('+')) change.operation = ok::AlterOperation::append;
    if (value && name.ends_with('-')) change.operation = ok::AlterOperation::subtract;
    const bool is_list_change = change.operation == ok::AlterOperation::append ||
                                change.operation == ok::AlterOperation::subtract;
    if (is_list_change) change.name.pop_back();
    changes.push_back(std::move(change));
  }
  ok::Admin admin(client);
  return admin.alter_configs(resource_of(settings), std::move(changes), wait_of(settings)).get();
}

}  // namespace odk
