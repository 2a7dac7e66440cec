// DescribeQuorum: the metadata's quorum is this node alone. Source: KIP-595, KIP-836, KIP-853.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/describe_quorum_request.h"
#include "proto/messages/describe_quorum_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DescribeQuorumRequest;
using Response = proto::DescribeQuorumResponse;

constexpr std::string_view kMetadataTopic = "__cluster_metadata";
constexpr int16_t kNodesFrom = 2;

void describe(const Call<Request>& call, bool known, Response::PartitionData& answer) {
  answer.error_message = {};
  answer.current_voters = proto::empty_array<Response::ReplicaState>();
  answer.observers = proto::empty_array<Response::ReplicaState>();
  if (!known) {
    answer.error_code = proto::to_number(ErrorCode::kUnknownTopicOrPartition);
    answer.error_message = "This server does not host this topic-partition.";
    return;
  }
  answer.leader_id = call.node.id();
  answer.leader_epoch = 1;
  answer.high_watermark = call.node.metadata().end_offset();
  answer.current_voters = call.arena.array<Response::ReplicaState>(1);
  Response::ReplicaState& voter = answer.current_voters[0];
  voter.replica_id = call.node.id();
  voter.log_end_offset = answer.high_watermark;
  voter.last_fetch_timestamp = call.node.wall_ms();
  voter.last_caught_up_timestamp = call.node.wall_ms();
}

void tell_node(const Call<Request>& call, Response& response) {
  const rpc::ConnectionInfo& connection = *call.request.connection;
  const io::HostPort address = call.node.addresses().for_client(connection);
  response.nodes = call.arena.array<Response::Node>(1);
  response.nodes[0].node_id = call.node.id();
  response.nodes[0].listeners = call.arena.array<Response::Listener>(1);
  Response::Listener& listener = response.nodes[0].listeners[0];
  listener.name = connection.listener;
  listener.host = call.arena.copy(address.host);
  listener.port = address.port;
}

void describe_quorum(const Call<Request>& call, Response& response) {
  response.error_message = {};
  response.topics = proto::empty_array<Response::TopicData>();
  response.nodes = proto::empty_array<Response::Node>();
  if (!may_cluster(call, AclOperation::kDescribe)) {
    response.error_code = proto::to_number(ErrorCode::kClusterAuthorizationFailed);
    response.error_message = kNotForYou;
    return;
  }
  const auto& topics = call.message.topics;
  response.topics = call.arena.array<Response::TopicData>(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    const auto& asked = topics[i].partitions;
    response.topics[i].topic_name = topics[i].topic_name;
    response.topics[i].partitions = call.arena.array<Response::PartitionData>(asked.size());
    for (size_t j = 0; j < asked.size(); ++j) {
      const int32_t index = asked[j].partition_index;
      response.topics[i].partitions[j].partition_index = index;
      describe(call, topics[i].topic_name == kMetadataTopic && index == 0,
               response.topics[i].partitions[j]);
    }
  }
  if (call.version() >= kNodesFrom) tell_node(call, response);
}

}  // namespace

constinit const HandlerInfo kDescribeQuorumApi{proto::ApiKey::kDescribeQuorum, 0, 2,
                                               answer<Request, describe_quorum>};

}  // namespace odradek::broker
