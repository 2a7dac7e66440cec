// CreatePartitions: more partitions for topics that exist.

#include <map>

#include "broker/handlers/apis.h"
#include "broker/handlers/mutation_quota.h"
#include "broker/topic_admin.h"
#include "proto/messages/create_partitions_request.h"
#include "proto/messages/create_partitions_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::CreatePartitionsRequest;
using Response = proto::CreatePartitionsResponse;

constexpr int16_t kStrictQuotaFrom = 3;

ApiError check_assignments(const Node& node, const Request::CreatePartitionsTopic& asked,
                           size_t added) {
  if (asked.assignments.data() == nullptr) return {};
  if (asked.assignments.size() != added) {
    return {ErrorCode::kInvalidReplicaAssignment,
            "as many assignments are needed as partitions are added"};
  }
  for (const auto& assignment : asked.assignments) {
    if (assignment.broker_ids.size() != 1 || assignment.broker_ids[0] != node.id()) {
      return {ErrorCode::kInvalidReplicaAssignment, "this node is the only possible replica"};
    }
  }
  return {};
}

ApiError add(const Call<Request>& call, const Request::CreatePartitionsTopic& asked,
             Response& response) {
  if (!may_topic(call, AclOperation::kAlter, asked.name)) {
    return {ErrorCode::kTopicAuthorizationFailed, ""};
  }
  Topic* topic = call.node.topics().find(asked.name);
  if (topic == nullptr) {
    return {ErrorCode::kUnknownTopicOrPartition, ""};
  }
  ApiError error = check_more_partitions(call.node, *topic, asked.count);
  if (!error.ok()) return error;
  error = check_assignments(call.node, asked,
                            static_cast<size_t>(asked.count) - topic->partitions.size());
  if (!error.ok()) return error;
  if (call.message.validate_only) return {};
  error = count_mutation(call, static_cast<size_t>(asked.count) - topic->partitions.size(),
                         kStrictQuotaFrom, response);
  if (!error.ok()) return error;
  MetadataBatch batch;
  add_partitions(batch, call.node.facts_of(topic->name, topic->id),
                 static_cast<int32_t>(topic->partitions.size()), asked.count);
  error = call.node.commit(batch);
  if (!error.ok()) return error;
  call.node.topics().add_partitions(*topic, asked.count);
  call.node.groups().groups().topics_changed();
  return {};
}

void create_partitions(const Call<Request>& call, Response& response) {
  const auto& topics = call.message.topics;
  std::map<std::string_view, size_t> times;
  for (const auto& topic : topics) ++times[topic.name];
  response.results = call.arena.array<Response::CreatePartitionsTopicResult>(times.size());
  size_t next = 0;
  for (const auto& topic : topics) {
    const auto asked = times.find(topic.name);
    if (asked == times.end()) continue;  // refused above, once for all
    const ApiError error = asked->second > 1
                               ? ApiError{ErrorCode::kInvalidRequest, "Duplicate topic name."}
                               : add(call, topic, response);
    times.erase(asked);
    Response::CreatePartitionsTopicResult& result = response.results[next++];
    result.name = topic.name;
    result.error_code = proto::to_number(error.code);
    if (!error.message.empty()) result.error_message = call.arena.copy(error.message);
  }
}

}  // namespace

constinit const HandlerInfo kCreatePartitionsApi{proto::ApiKey::kCreatePartitions, 0, 3,
                                                 answer<Request, create_partitions>};

}  // namespace odradek::broker
