#pragma once

#include "broker/handlers/handler.h"
#include "broker/security/security.h"

namespace odradek::broker {

// May the client do this? Without an authorizer everybody may.
inline bool is_allowed(const Node& node, const rpc::Request& request, AclOperation operation,
                       ResourceType type, std::string_view name) {
  const Authorizer& authorizer = node.security().authorizer();
  return !authorizer.enabled() ||
         authorizer.allows(requester_of(*request.connection), operation, type, name);
}

template <class Req>
bool is_allowed(const Call<Req>& call, AclOperation operation, ResourceType type,
                std::string_view name) {
  return is_allowed(call.node, call.request, operation, type, name);
}

template <class Req>
bool may_topic(const Call<Req>& call, AclOperation operation, std::string_view topic) {
  return is_allowed(call.node, call.request, operation, ResourceType::kTopic, topic);
}

template <class Req>
bool may_group(const Call<Req>& call, AclOperation operation, std::string_view group) {
  return is_allowed(call.node, call.request, operation, ResourceType::kGroup, group);
}

template <class Req>
bool may_cluster(const Call<Req>& call, AclOperation operation) {
  return is_allowed(call.node, call.request, operation, ResourceType::kCluster, kClusterName);
}

// What Kafka answers who may not touch the cluster.
inline constexpr std::string_view kNotForYou = "Cluster authorization failed.";

// The bits of "authorized operations" fields.
template <class Req>
int32_t operations_of(const Call<Req>& call, ResourceType type, std::string_view name) {
  return call.node.security().authorizer().operations(requester_of(*call.request.connection), type,
                                                      name);
}

}  // namespace odradek::broker
