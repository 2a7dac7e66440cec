// AlterPartitionReassignments: the only possible assignment is the one there is. Source: KIP-455;
// ReplicationControlManager.alterPartitionReassignments.

#include <fmt/format.h>

#include <algorithm>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/alter_partition_reassignments_request.h"
#include "proto/messages/alter_partition_reassignments_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::AlterPartitionReassignmentsRequest;
using Response = proto::AlterPartitionReassignmentsResponse;

ApiError check_replicas(const Node& node, std::span<const int32_t> replicas) {
  if (replicas.empty()) {
    return {ErrorCode::kInvalidReplicaAssignment,
            "The manual partition assignment includes an empty replica list."};
  }
  for (const int32_t replica : replicas) {
    if (replica == node.id()) continue;
    return {ErrorCode::kInvalidReplicaAssignment,
            fmt::format("The manual partition assignment includes broker {}, but no such broker "
                        "is registered.",
                        replica)};
  }
  if (replicas.size() > 1) {
    return {ErrorCode::kInvalidReplicaAssignment,
            fmt::format("The manual partition assignment includes the broker {} more than once.",
                        node.id())};
  }
  return {};
}

ApiError reassign(const Call<Request>& call, std::string_view name,
                  const Request::ReassignablePartition& asked) {
  const Topic* topic = call.node.topics().find(name);
  if (topic == nullptr) {
    return {ErrorCode::kUnknownTopicOrPartition,
            fmt::format("Unable to find a topic named {}.", name)};
  }
  if (topic->partition(asked.partition_index) == nullptr) {
    return {ErrorCode::kUnknownTopicOrPartition,
            fmt::format("Unable to find partition {}:{}.", name, asked.partition_index)};
  }
  if (asked.replicas.data() == nullptr) {
    return {ErrorCode::kNoReassignmentInProgress, ""};
  }
  return check_replicas(call.node, asked.replicas);
}

void alter_partition_reassignments(const Call<Request>& call, Response& response) {
  response.error_message = {};
  response.allow_replication_factor_change = call.message.allow_replication_factor_change;
  response.responses = proto::empty_array<Response::ReassignableTopicResponse>();
  if (!may_cluster(call, AclOperation::kAlter)) {
    response.error_code = proto::to_number(ErrorCode::kClusterAuthorizationFailed);
    response.error_message = kNotForYou;
    return;
  }
  const auto& topics = call.message.topics;
  response.responses = call.arena.array<Response::ReassignableTopicResponse>(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    auto& answer = response.responses[i];
    answer.name = topics[i].name;
    answer.partitions =
        call.arena.array<Response::ReassignablePartitionResponse>(topics[i].partitions.size());
    for (size_t j = 0; j < topics[i].partitions.size(); ++j) {
      const ApiError error = reassign(call, topics[i].name, topics[i].partitions[j]);
      answer.partitions[j].partition_index = topics[i].partitions[j].partition_index;
      answer.partitions[j].error_code = proto::to_number(error.code);
      answer.partitions[j].error_message =
          error.message.empty() ? std::string_view() : call.arena.copy(error.message);
    }
  }
}

}  // namespace

constinit const HandlerInfo kAlterPartitionReassignmentsApi{
    proto::ApiKey::kAlterPartitionReassignments, 0, 1,
    answer<Request, alter_partition_reassignments>};

}  // namespace odradek::broker
