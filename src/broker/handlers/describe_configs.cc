// DescribeConfigs: every key with its value, its source, the levels below and what it is for.

#include <algorithm>
#include <array>
#include <vector>

#include "broker/handlers/apis.h"
#include "broker/handlers/config_resource.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"

namespace odradek::broker {
namespace {

using Request = proto::DescribeConfigsRequest;
using Response = proto::DescribeConfigsResponse;
using Entry = Response::DescribeConfigsResourceResult;

// Properties of the broker that say the same in other units, the stronger first; they are told with
// each other's levels. Source: DynamicBrokerConfig.brokerConfigSynonyms.
constexpr std::array<std::string_view, 3> kFamilies[] = {
    {"log.retention.ms", "log.retention.minutes", "log.retention.hours"},
    {"log.roll.ms", "log.roll.hours", ""},
    {"log.roll.jitter.ms", "log.roll.jitter.hours", ""},
    {"log.flush.interval.ms", "log.flush.scheduler.interval.ms", ""},
};

std::vector<ConfigSynonym> broker_synonyms(const Settings& settings, const ConfigDef& def) {
  const auto family = std::ranges::find_if(kFamilies, [&def](const auto& names) {
    return std::ranges::find(names, def.name) != names.end();
  });
  if (family == std::end(kFamilies)) return settings.synonyms(def);
  std::vector<ConfigSynonym> levels;
  using enum ConfigSource;
  for (const ConfigSource source : {kBroker, kClusterDefault, kStatic, kDefault}) {
    for (const std::string_view name : *family) {
      const ConfigDef* each = find_broker_config(name);
      if (each == nullptr) continue;
      for (ConfigSynonym& level : settings.synonyms(*each)) {
        if (level.source == source) levels.push_back(std::move(level));
      }
    }
  }
  // What is above the first level of this property is about the others.
  const auto own = std::ranges::find(levels, def.name, &ConfigSynonym::name);
  levels.erase(levels.begin(), own);
  return levels;
}

// One resource: knows where its keys' values come from.
class Described {
 public:
  Described(const Call<Request>& call, const ConfigResource& resource)
      : call_(call), resource_(resource) {}

  std::span<const ConfigDef> defs() const {
    if (is_group()) return group_config_defs();
    return resource_.topic != nullptr ? topic_config_defs() : broker_config_defs();
  }

  // The cluster's own level holds only what was set there.
  bool has(const ConfigDef& def) const {
    return is_group() || resource_.topic != nullptr || !resource_.cluster_wide ||
           settings().dynamic(true).contains(def.name);
  }

  void fill(const ConfigDef& def, Entry& entry) const {
    const ConfigValue value = get(def);
    entry.name = def.name;
    entry.value = value.value ? call_.arena.copy(*value.value) : std::string_view();
    entry.is_sensitive = def.type == ConfigType::kPassword;
    if (entry.is_sensitive) entry.value = {};
    entry.read_only = !def.dynamic;
    entry.config_source = static_cast<int8_t>(value.source);
    entry.config_type = static_cast<int8_t>(def.type);
    entry.documentation = {};
    if (call_.message.include_documentation && !def.text.empty()) entry.documentation = def.text;
    entry.synonyms = proto::empty_array<Response::DescribeConfigsSynonym>();
    if (call_.message.include_synonyms) fill_synonyms(def, entry);
  }

 private:
  bool is_group() const { return !is_null(resource_.group); }
  const Settings& settings() const { return call_.node.settings(); }

  ConfigValue get(const ConfigDef& def) const {
    if (is_group()) return settings().group_get(def, resource_.group);
    if (resource_.topic != nullptr) return settings().topic_get(def, resource_.topic->overrides);
    if (resource_.cluster_wide) {
      return {settings().dynamic(true).find(def.name)->second, ConfigSource::kClusterDefault};
    }
    return settings().get(def);
  }

  std::vector<ConfigSynonym> synonyms_of(const ConfigDef& def) const {
    if (is_group()) return settings().group_synonyms(def, resource_.group);
    return resource_.topic != nullptr ? settings().topic_synonyms(def, resource_.topic->overrides)
                                      : broker_synonyms(settings(), def);
  }

  void fill_synonyms(const ConfigDef& def, Entry& entry) const {
    std::vector<ConfigSynonym> levels = synonyms_of(def);
    if (resource_.topic == nullptr && resource_.cluster_wide) {
      std::erase_if(levels, [](const ConfigSynonym& level) {
        return level.source != ConfigSource::kClusterDefault;
      });
    }
    entry.synonyms = call_.arena.array<Response::DescribeConfigsSynonym>(levels.size());
    for (size_t i = 0; i < levels.size(); ++i) {
      entry.synonyms[i].name = levels[i].name;
      if (!entry.is_sensitive) entry.synonyms[i].value = call_.arena.copy(levels[i].value);
      if (entry.is_sensitive) entry.synonyms[i].value = {};
      entry.synonyms[i].source = static_cast<int8_t>(levels[i].source);
    }
  }

  const Call<Request>& call_;
  const ConfigResource& resource_;
};

void describe(const Call<Request>& call, const Request::DescribeConfigsResource& asked,
              Response::DescribeConfigsResult& answer) {
  answer.resource_type = asked.resource_type;
  answer.resource_name = asked.resource_name;
  answer.configs = proto::empty_array<Entry>();
  ConfigResource resource;
  resource.error =
      check_config_access(call.node, call.request, false, asked.resource_type, asked.resource_name);
  if (resource.error.ok()) {
    resource = find_config_resource(call.node, asked.resource_type, asked.resource_name);
  }
  if (!resource.error.ok()) {
    answer.error_code = proto::to_number(resource.error.code);
    const bool missing = resource.error.code == proto::ErrorCode::kUnknownTopicOrPartition;
    answer.error_message = missing ? "" : call.arena.copy(resource.error.message);
    return;
  }
  answer.error_message = "";
  const Described described(call, resource);
  const auto& keys = asked.configuration_keys;
  // Admin clients send an empty list of keys for "all", as well as none.
  const bool all = keys.data() == nullptr || keys.empty();
  std::span<Entry> entries = call.arena.array<Entry>(described.defs().size());
  size_t count = 0;
  for (const ConfigDef& def : described.defs()) {
    const bool wanted = all || std::ranges::find(keys, def.name) != keys.end();
    if (wanted && described.has(def)) described.fill(def, entries[count++]);
  }
  answer.configs = entries.first(count);
}

void describe_configs(const Call<Request>& call, Response& response) {
  const auto& resources = call.message.resources;
  response.results = call.arena.array<Response::DescribeConfigsResult>(resources.size());
  for (size_t i = 0; i < resources.size(); ++i) {
    describe(call, resources[i], response.results[i]);
  }
}

}  // namespace

constinit const HandlerInfo kDescribeConfigsApi{proto::ApiKey::kDescribeConfigs, 1, 4,
                                                answer<Request, describe_configs>};

}  // namespace odradek::broker
