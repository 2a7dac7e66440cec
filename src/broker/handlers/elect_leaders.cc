// ElectLeaders: this node leads everything already. Source: ReplicationControlManager.electLeaders.

#include <fmt/format.h>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/elect_leaders_request.h"
#include "proto/messages/elect_leaders_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::ElectLeadersRequest;
using Response = proto::ElectLeadersResponse;
using TopicAnswer = Response::ReplicaElectionResult;

constexpr int8_t kPreferred = 0;
constexpr int8_t kUnclean = 1;

void elect(const Call<Request>& call, const Request::TopicPartitions& asked, TopicAnswer& answer) {
  const Topic* topic = call.node.topics().find(asked.topic);
  answer.topic = asked.topic;
  answer.partition_result = call.arena.array<Response::PartitionResult>(asked.partitions.size());
  for (size_t i = 0; i < asked.partitions.size(); ++i) {
    Response::PartitionResult& each = answer.partition_result[i];
    each.partition_id = asked.partitions[i];
    const bool known = topic != nullptr && topic->partition(asked.partitions[i]) != nullptr;
    each.error_code = proto::to_number(known ? ErrorCode::kElectionNotNeeded
                                             : ErrorCode::kUnknownTopicOrPartition);
    each.error_message = known ? std::string_view("Leader election not needed for topic partition.")
                               : call.arena.copy(fmt::format("No such partition as {}-{}",
                                                             asked.topic, asked.partitions[i]));
  }
}

// All partitions were asked for: those that have their leader are not told.
void elect_all(const Call<Request>& call, Response& response) {
  const auto& topics = call.node.topics().all();
  response.replica_election_results = call.arena.array<TopicAnswer>(topics.size());
  size_t next = 0;
  for (const auto& [name, topic] : topics) {
    response.replica_election_results[next].topic = call.arena.copy(name);
    response.replica_election_results[next++].partition_result =
        proto::empty_array<Response::PartitionResult>();
  }
}

void refuse_each(const Call<Request>& call, Response& response) {
  const auto& asked = call.message.topic_partitions;
  if (asked.data() == nullptr) return;
  response.replica_election_results = call.arena.array<TopicAnswer>(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    elect(call, asked[i], response.replica_election_results[i]);
    for (Response::PartitionResult& each : response.replica_election_results[i].partition_result) {
      each.error_code = response.error_code;
      each.error_message = kNotForYou;
    }
  }
}

void elect_leaders(const Call<Request>& call, Response& response) {
  response.replica_election_results = proto::empty_array<TopicAnswer>();
  const int8_t type = call.message.election_type;
  if (!may_cluster(call, AclOperation::kAlter)) {
    response.error_code = proto::to_number(ErrorCode::kClusterAuthorizationFailed);
    return refuse_each(call, response);
  }
  if (type != kPreferred && type != kUnclean) {
    response.error_code = proto::to_number(ErrorCode::kInvalidRequest);
    return;
  }
  const auto& asked = call.message.topic_partitions;
  if (asked.data() == nullptr) return elect_all(call, response);
  response.replica_election_results = call.arena.array<TopicAnswer>(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    elect(call, asked[i], response.replica_election_results[i]);
  }
}

}  // namespace

constinit const HandlerInfo kElectLeadersApi{proto::ApiKey::kElectLeaders, 0, 2,
                                             answer<Request, elect_leaders>};

}  // namespace odradek::broker
