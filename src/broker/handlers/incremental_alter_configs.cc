// IncrementalAlterConfigs: sets, deletes, appends and subtracts single values. Source: KIP-339.

#include "broker/handlers/apis.h"
#include "broker/handlers/config_update.h"
#include "proto/messages/incremental_alter_configs_request.h"
#include "proto/messages/incremental_alter_configs_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::IncrementalAlterConfigsRequest;
using Response = proto::IncrementalAlterConfigsResponse;

constexpr int8_t kOperationMax = 3;

ApiError alter(const Call<Request>& call, const Request::AlterConfigsResource& asked) {
  ApiError access =
      check_config_access(call.node, call.request, true, asked.resource_type, asked.resource_name);
  if (!access.ok()) return access;
  ConfigResource resource =
      find_config_resource(call.node, asked.resource_type, asked.resource_name);
  if (!resource.error.ok()) {
    // Kafka takes a topic without a name for the default of all topics, which there is not.
    if (asked.resource_name.empty()) resource.error.code = ErrorCode::kInvalidRequest;
    return std::move(resource.error);
  }
  std::vector<ConfigChange> changes;
  for (const auto& config : asked.configs) {
    if (config.config_operation < 0 || config.config_operation > kOperationMax) {
      return {ErrorCode::kInvalidRequest, "unknown operation on a configuration key"};
    }
    changes.push_back(
        {config.name, static_cast<ConfigChange::Op>(config.config_operation), config.value});
  }
  return update_configs(call.node, resource, changes, false, call.message.validate_only);
}

void incremental_alter_configs(const Call<Request>& call, Response& response) {
  const auto& resources = call.message.resources;
  response.responses = call.arena.array<Response::AlterConfigsResourceResponse>(resources.size());
  for (size_t i = 0; i < resources.size(); ++i) {
    auto& answer = response.responses[i];
    const ApiError error = alter(call, resources[i]);
    answer.error_code = proto::to_number(error.code);
    answer.error_message = error.ok() ? std::string_view() : call.arena.copy(error.message);
    answer.resource_type = resources[i].resource_type;
    answer.resource_name = resources[i].resource_name;
  }
}

}  // namespace

constinit const HandlerInfo kIncrementalAlterConfigsApi{
    proto::ApiKey::kIncrementalAlterConfigs, 0, 1, answer<Request, incremental_alter_configs>};

}  // namespace odradek::broker
