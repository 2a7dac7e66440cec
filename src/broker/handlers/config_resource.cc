#include "broker/handlers/config_resource.h"

#include <fmt/format.h>

#include "broker/handlers/authorize.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;

ConfigResource refuse(ErrorCode code, std::string message) {
  ConfigResource resource;
  resource.error = {code, std::move(message)};
  return resource;
}

}  // namespace

ApiError check_config_access(Node& node, const rpc::Request& request, bool alter, int8_t type,
                             std::string_view name) {
  const AclOperation operation =
      alter ? AclOperation::kAlterConfigs : AclOperation::kDescribeConfigs;
  const auto may = [&](ResourceType resource, std::string_view of) {
    return is_allowed(node, request, operation, resource, of);
  };
  if (type == static_cast<int8_t>(ConfigResourceType::kTopic)) {
    if (may(ResourceType::kTopic, name)) return {};
    return {ErrorCode::kTopicAuthorizationFailed, "Topic authorization failed."};
  }
  if (type == static_cast<int8_t>(ConfigResourceType::kGroup)) {
    if (may(ResourceType::kGroup, name)) return {};
    return {ErrorCode::kGroupAuthorizationFailed, "Group authorization failed."};
  }
  if (may(ResourceType::kCluster, kClusterName)) return {};
  return {ErrorCode::kClusterAuthorizationFailed, std::string(kNotForYou)};
}

ConfigResource find_config_resource(Node& node, int8_t type, std::string_view name) {
  ConfigResource resource;
  switch (static_cast<ConfigResourceType>(type)) {
    case ConfigResourceType::kTopic: {
      const std::string fault = topic_name_fault(name);
      if (!fault.empty()) return refuse(ErrorCode::kInvalidTopicException, fault);
      resource.topic = node.topics().find(name);
      if (resource.topic == nullptr) {
        return refuse(ErrorCode::kUnknownTopicOrPartition, "there is no such topic");
      }
      return resource;
    }
    case ConfigResourceType::kGroup:
      if (name.empty()) return refuse(ErrorCode::kInvalidRequest, "Group name must not be empty");
      resource.group = name;
      return resource;
    case ConfigResourceType::kBroker:
      resource.cluster_wide = name.empty();
      if (!name.empty() && name != std::to_string(node.id())) {
        return refuse(ErrorCode::kInvalidRequest,
                      fmt::format("Unexpected broker id, expected {} or empty string, but "
                                  "received {}",
                                  node.id(), name));
      }
      return resource;
  }
  return refuse(ErrorCode::kInvalidRequest, fmt::format("Unsupported resource type: {}", type));
}

}  // namespace odradek::broker
