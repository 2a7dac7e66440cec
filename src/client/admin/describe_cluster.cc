// Admin::describe_cluster, describe_quorum and unregister_broker.
#include "client/admin/admin_call.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/describe_cluster_request.h"
#include "proto/messages/describe_cluster_response.h"
#include "proto/messages/describe_quorum_request.h"
#include "proto/messages/describe_quorum_response.h"
#include "proto/messages/unregister_broker_request.h"
#include "proto/messages/unregister_broker_response.h"

namespace odradek::client {
namespace {

io::Task<Result<kafka::ClusterInfo>> describe_cluster(Cluster& cluster,
                                                      kafka::DescribeClusterOptions options,
                                                      MonotonicTime deadline) {
  proto::DescribeClusterRequest request;
  request.include_cluster_authorized_operations = true;
  request.include_fenced_brokers = options.fenced_brokers;
  auto answer = co_await admin_call(cluster, kAnyBroker, request, "describe cluster", deadline);
  if (!answer) co_return answer.error();
  const proto::DescribeClusterResponse& response = answer->message;
  kafka::ClusterInfo info;
  info.id = response.cluster_id;
  info.controller = response.controller_id;
  info.authorized_operations = operations_of(response.cluster_authorized_operations);
  for (const auto& item : response.brokers) {
    kafka::BrokerInfo& broker = info.brokers.emplace_back();
    broker.id = item.broker_id;
    broker.host = item.host;
    broker.port = static_cast<uint16_t>(item.port);
    broker.rack = optional_text(item.rack);
    broker.is_fenced = item.is_fenced;
  }
  std::ranges::sort(info.brokers, {}, &kafka::BrokerInfo::id);
  co_return info;
}

std::vector<kafka::QuorumReplica> replicas_of(
    std::span<proto::DescribeQuorumResponse::ReplicaState> states) {
  std::vector<kafka::QuorumReplica> replicas;
  for (const auto& state : states) {
    replicas.push_back({.id = state.replica_id,
                        .log_end_offset = state.log_end_offset,
                        .last_fetch_ms = state.last_fetch_timestamp,
                        .last_caught_up_ms = state.last_caught_up_timestamp});
  }
  return replicas;
}

io::Task<Result<kafka::QuorumInfo>> describe_quorum(Cluster& cluster, MonotonicTime deadline) {
  constexpr std::string_view kDoing = "describe quorum";
  using Request = proto::DescribeQuorumRequest;
  Request::PartitionData partitions[1];
  Request::TopicData topics[1];
  topics[0].topic_name = "__cluster_metadata";
  topics[0].partitions = proto::array_of(partitions);
  Request request;
  request.topics = proto::array_of(topics);
  auto answer = co_await admin_call(cluster, kAnyBroker, request, kDoing, deadline);
  if (!answer) co_return answer.error();
  const proto::DescribeQuorumResponse& response = answer->message;
  if (response.topics.size() != 1 || response.topics[0].partitions.size() != 1) {
    co_return Error(Errc::kMalformed, "DescribeQuorum answer without the metadata partition");
  }
  const auto& partition = response.topics[0].partitions[0];
  const Result<void> whole = whole_answer(partition, kDoing);
  if (!whole) co_return whole.error();
  kafka::QuorumInfo info;
  info.leader = partition.leader_id;
  info.leader_epoch = partition.leader_epoch;
  info.high_watermark = partition.high_watermark;
  info.voters = replicas_of(partition.current_voters);
  info.observers = replicas_of(partition.observers);
  co_return info;
}

io::Task<Result<void>> unregister_broker(Cluster& cluster, int32_t broker, MonotonicTime deadline) {
  proto::UnregisterBrokerRequest request;
  request.broker_id = broker;
  auto answer = co_await admin_call(cluster, kController, request, "unregister broker", deadline);
  if (!answer) co_return answer.error();
  co_return Result<void>{};
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<ClusterInfo> Admin::describe_cluster(Wait wait) {
  return describe_cluster(DescribeClusterOptions(), wait);
}

Op<ClusterInfo> Admin::describe_cluster(DescribeClusterOptions options, Wait wait) {
  return client::start<ClusterInfo>(core_, wait, client::describe_cluster, options);
}

Op<QuorumInfo> Admin::describe_quorum(Wait wait) {
  return client::start<QuorumInfo>(core_, wait, client::describe_quorum);
}

Op<void> Admin::unregister_broker(int32_t broker, Wait wait) {
  return client::start<void>(core_, wait, client::unregister_broker, broker);
}

}  // namespace odradek::kafka
