// Configurations of the broker and of topics, with source, synonyms and documentation.

#include "broker/dashboard/operations.h"
#include "broker/handlers/config_resource.h"
#include "broker/node.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"
#include "proto/messages/incremental_alter_configs_request.h"
#include "proto/messages/incremental_alter_configs_response.h"

namespace odradek::broker::dashboard {
namespace {

using proto::IncrementalAlterConfigsRequest;
using AlterableConfig = IncrementalAlterConfigsRequest::AlterableConfig;

constexpr int8_t kSet = 0;
constexpr int8_t kDelete = 1;

// Names as Kafka's documentation has them. Source: ConfigEntry.ConfigSource of kafka-clients.
std::string_view source_name(int8_t source) {
  switch (source) {
    case 1: return "DYNAMIC_TOPIC_CONFIG";
    case 2: return "DYNAMIC_BROKER_CONFIG";
    case 3: return "DYNAMIC_DEFAULT_BROKER_CONFIG";
    case 4: return "STATIC_BROKER_CONFIG";
    case 5: return "DEFAULT_CONFIG";
    case 6: return "DYNAMIC_BROKER_LOGGER_CONFIG";
    case 7: return "DYNAMIC_CLIENT_METRICS_CONFIG";
    case 8: return "DYNAMIC_GROUP_CONFIG";
    default: return "UNKNOWN";
  }
}

std::string_view type_name(int8_t type) {
  switch (static_cast<ConfigType>(type)) {
    case ConfigType::kBoolean: return "boolean";
    case ConfigType::kString: return "string";
    case ConfigType::kInt: return "int";
    case ConfigType::kShort: return "short";
    case ConfigType::kLong: return "long";
    case ConfigType::kDouble: return "double";
    case ConfigType::kList: return "list";
    case ConfigType::kClass: return "class";
    case ConfigType::kPassword: return "password";
  }
  return "unknown";
}

// Values a key may have, where they are few.
Json allowed_json(const ConfigDef* def) {
  if (def == nullptr || def->allowed.empty()) return nullptr;
  Json allowed = Json::array();
  std::string_view rest = def->allowed;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    allowed.push_back(std::string(rest.substr(0, comma)));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return allowed;
}

Json config_json(const proto::DescribeConfigsResponse::DescribeConfigsResourceResult& config,
                 bool is_topic) {
  Json synonyms = Json::array();
  for (const auto& synonym : config.synonyms) {
    synonyms.push_back({{"name", std::string(synonym.name)},
                        {"value", text_json(synonym.value)},
                        {"source", source_name(synonym.source)}});
  }
  const ConfigDef* def =
      is_topic ? find_topic_config(config.name) : find_broker_config(config.name);
  return {{"name", std::string(config.name)},
          {"value", text_json(config.value)},
          {"source", source_name(config.config_source)},
          {"read_only", config.read_only},
          {"sensitive", config.is_sensitive},
          {"type", type_name(config.config_type)},
          {"allowed", allowed_json(def)},
          {"synonyms", std::move(synonyms)},
          {"documentation", text_json(config.documentation)}};
}

io::Task<Result<Json>> describe(ApiContext& context, ConfigResourceType type, std::string name) {
  proto::DescribeConfigsRequest::DescribeConfigsResource resource;
  resource.resource_type = static_cast<int8_t>(type);
  resource.resource_name = name;
  resource.configuration_keys = {};  // all
  proto::DescribeConfigsRequest request;
  request.resources = {&resource, 1};
  request.include_synonyms = true;
  request.include_documentation = true;
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  const auto& result = answer.message.results[0];
  ODK_CO_TRY_VOID(check_answer(result.error_code, result.error_message, ""));
  Json configs = Json::array();
  for (const auto& config : result.configs) {
    configs.push_back(config_json(config, type == ConfigResourceType::kTopic));
  }
  co_return Json{{"configs", std::move(configs)}};
}

// Views of the body's members, which must outlive them.
Result<std::vector<AlterableConfig>> read_changes(const Json& body) {
  std::vector<AlterableConfig> changes;
  ODK_TRY(const Json* set, object_member(body, "set"));
  ODK_TRY(const Json* reset, array_member(body, "reset"));
  const Json none = Json::object();
  for (const auto& [name, value] : (set == nullptr ? none : *set).items()) {
    if (!value.is_string()) {
      return Error(Errc::kInvalidArgument, "the values of \"set\" must be texts");
    }
    AlterableConfig& change = changes.emplace_back();
    change.name = name;
    change.config_operation = kSet;
    change.value = value.get_ref<const std::string&>();
  }
  for (size_t i = 0; reset != nullptr && i < reset->size(); ++i) {
    if (!(*reset)[i].is_string()) {
      return Error(Errc::kInvalidArgument, "\"reset\" must be a list of names");
    }
    AlterableConfig& change = changes.emplace_back();
    change.name = (*reset)[i].get_ref<const std::string&>();
    change.config_operation = kDelete;
    change.value = {};
  }
  if (changes.empty()) return Error(Errc::kInvalidArgument, "nothing to change");
  return changes;
}

io::Task<Result<Json>> change(ApiContext& context, ConfigResourceType type, std::string name,
                              ApiCall call) {
  ODK_CO_TRY(std::vector<AlterableConfig> changes, read_changes(call.body));
  ODK_CO_TRY(const bool only_check, flag_member(call.body, "validate_only", false));
  IncrementalAlterConfigsRequest::AlterConfigsResource resource;
  resource.resource_type = static_cast<int8_t>(type);
  resource.resource_name = name;
  resource.configs = proto::array_of(changes);
  IncrementalAlterConfigsRequest request;
  request.resources = {&resource, 1};
  request.validate_only = only_check;
  ODK_CO_TRY(InsideClient client, co_await context.inside.connect());
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  const auto& result = answer.message.responses[0];
  ODK_CO_TRY_VOID(check_answer(result.error_code, result.error_message, ""));
  co_return Json::object();
}

}  // namespace

io::Task<Result<Json>> get_topic_configs(ApiContext& context, ApiCall call) {
  return describe(context, ConfigResourceType::kTopic, call.name(0));
}

io::Task<Result<Json>> change_topic_configs(ApiContext& context, ApiCall call) {
  std::string name = call.name(0);
  return change(context, ConfigResourceType::kTopic, std::move(name), std::move(call));
}

io::Task<Result<Json>> get_broker_configs(ApiContext& context, ApiCall /*call*/) {
  return describe(context, ConfigResourceType::kBroker, std::to_string(context.node.id()));
}

io::Task<Result<Json>> change_broker_configs(ApiContext& context, ApiCall call) {
  const Result<bool> cluster_wide = flag_member(call.body, "cluster_wide", false);
  if (!cluster_wide) co_return cluster_wide.error();
  std::string name = *cluster_wide ? std::string() : std::to_string(context.node.id());
  Result<Json> answer =
      co_await change(context, ConfigResourceType::kBroker, std::move(name), std::move(call));
  co_return answer;
}

}  // namespace odradek::broker::dashboard
