// ListConfigResources: what has, or may have, a configuration. v0 knew only client metrics. Source:
// KIP-1000, KIP-1142.

#include <algorithm>
#include <vector>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/handlers/config_resource.h"
#include "proto/messages/list_config_resources_request.h"
#include "proto/messages/list_config_resources_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::ListConfigResourcesRequest;
using Response = proto::ListConfigResourcesResponse;

constexpr int8_t kTypeTopic = 2;
constexpr int8_t kTypeBroker = 4;
constexpr int8_t kTypeBrokerLogger = 8;
constexpr int8_t kTypeClientMetrics = 16;
constexpr int8_t kTypeGroup = 32;
constexpr int8_t kListable[] = {kTypeTopic, kTypeBroker, kTypeBrokerLogger, kTypeClientMetrics,
                                kTypeGroup};

void list(const Call<Request>& call, int8_t type, std::vector<Response::ConfigResource>& found) {
  const std::string_view node_name = call.arena.copy(std::to_string(call.node.id()));
  if (type == kTypeTopic) {
    for (const auto& [name, topic] : call.node.topics().all()) {
      found.push_back({call.arena.copy(name), type, {}});
    }
  } else if (type == kTypeBroker || type == kTypeBrokerLogger) {
    found.push_back({node_name, type, {}});
  } else if (type == kTypeGroup) {
    for (const auto& [name, values] : call.node.settings().groups()) {
      found.push_back({call.arena.copy(name), type, {}});
    }
  }
}

void list_config_resources(const Call<Request>& call, Response& response) {
  response.config_resources = proto::empty_array<Response::ConfigResource>();
  if (!may_cluster(call, AclOperation::kDescribeConfigs)) {
    response.error_code = proto::to_number(ErrorCode::kClusterAuthorizationFailed);
    return;
  }
  std::vector<int8_t> types(call.message.resource_types.begin(), call.message.resource_types.end());
  if (call.version() == 0) types = {kTypeClientMetrics};
  if (types.empty()) types.assign(std::begin(kListable), std::end(kListable));
  for (const int8_t type : types) {
    if (std::ranges::find(kListable, type) != std::end(kListable)) continue;
    response.error_code = proto::to_number(ErrorCode::kUnsupportedVersion);
    return;
  }
  std::vector<Response::ConfigResource> found;
  for (const int8_t type : types) list(call, type, found);
  response.config_resources = call.arena.array<Response::ConfigResource>(found.size());
  std::ranges::copy(found, response.config_resources.begin());
}

}  // namespace

constinit const HandlerInfo kListConfigResourcesApi{proto::ApiKey::kListConfigResources, 0, 1,
                                                    answer<Request, list_config_resources>};

}  // namespace odradek::broker
