// AlterConfigs: replaces all of a resource's own values. Old; see incremental_alter_configs.cc.

#include "broker/handlers/apis.h"
#include "broker/handlers/config_update.h"
#include "proto/messages/alter_configs_request.h"
#include "proto/messages/alter_configs_response.h"

namespace odradek::broker {
namespace {

using Request = proto::AlterConfigsRequest;
using Response = proto::AlterConfigsResponse;

ApiError alter(const Call<Request>& call, const Request::AlterConfigsResource& asked) {
  ApiError access =
      check_config_access(call.node, call.request, true, asked.resource_type, asked.resource_name);
  if (!access.ok()) return access;
  ConfigResource resource =
      find_config_resource(call.node, asked.resource_type, asked.resource_name);
  if (!resource.error.ok()) return std::move(resource.error);
  std::vector<ConfigChange> changes;
  for (const auto& config : asked.configs) {
    changes.push_back({config.name, ConfigChange::Op::kSet, config.value});
  }
  return update_configs(call.node, resource, changes, true, call.message.validate_only);
}

void alter_configs(const Call<Request>& call, Response& response) {
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

constinit const HandlerInfo kAlterConfigsApi{proto::ApiKey::kAlterConfigs, 0, 2,
                                             answer<Request, alter_configs>};

}  // namespace odradek::broker
