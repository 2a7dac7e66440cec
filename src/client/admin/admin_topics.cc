// Admin calls about topics and the cluster.
#include "client/admin/admin_call.h"
#include "client/admin/admin_tasks.h"
#include "proto/messages/create_partitions_request.h"
#include "proto/messages/create_partitions_response.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/describe_cluster_request.h"
#include "proto/messages/describe_cluster_response.h"

namespace odradek::client {
namespace {

kafka::TopicInfo topic_info(const cluster::Topic& topic) {
  kafka::TopicInfo info{.name = topic.name, .is_internal = topic.is_internal, .partitions = {}};
  for (const cluster::Partition& partition : topic.partitions) {
    info.partitions.push_back({.id = partition.id,
                               .leader = partition.leader,
                               .replicas = partition.replicas,
                               .in_sync_replicas = partition.in_sync_replicas});
  }
  return info;
}

}  // namespace

io::Task<Result<Outcomes>> create_topics(Cluster& cluster, std::vector<kafka::NewTopic> topics,
                                         MonotonicTime deadline) {
  using Request = proto::CreateTopicsRequest;
  std::vector<Request::CreatableTopic> items(topics.size());
  std::vector<std::vector<Request::CreatableTopicConfig>> configs(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    for (const auto& [name, value] : topics[i].configs) {
      auto& config = configs[i].emplace_back();
      config.name = name;
      config.value = value;
    }
    items[i].name = topics[i].name;
    items[i].num_partitions = topics[i].partitions;
    items[i].replication_factor = topics[i].replication_factor;
    items[i].configs = proto::array_of(configs[i]);
    items[i].assignments = proto::empty_array<Request::CreatableReplicaAssignment>();
  }
  Request request;
  request.topics = proto::array_of(items);
  request.timeout_ms = milliseconds_left(cluster, deadline);
  auto answer = co_await admin_call(cluster, AdminTarget::kController, request, deadline);
  if (!answer) co_return answer.error().with_context("create topics");
  Outcomes outcomes;
  for (const auto& topic : answer->message.topics) {
    outcomes.push_back(
        to_outcome(topic.name, topic.error_code, topic.error_message, "create topic"));
  }
  cluster.expire_metadata();
  co_return outcomes;
}

io::Task<Result<Outcomes>> delete_topics(Cluster& cluster, std::vector<std::string> names,
                                         MonotonicTime deadline) {
  constexpr int16_t kLastWithNames = 5;  // since 6 a list of names or ids
  std::vector<std::string_view> items(names.begin(), names.end());
  proto::DeleteTopicsRequest request;
  request.topic_names = proto::array_of(items);
  request.timeout_ms = milliseconds_left(cluster, deadline);
  auto answer =
      co_await admin_call(cluster, AdminTarget::kController, request, deadline, kLastWithNames);
  if (!answer) co_return answer.error().with_context("delete topics");
  Outcomes outcomes;
  for (const auto& topic : answer->message.responses) {
    outcomes.push_back(
        to_outcome(topic.name, topic.error_code, topic.error_message, "delete topic"));
  }
  cluster.expire_metadata();
  co_return outcomes;
}

io::Task<Result<Outcomes>> create_partitions(Cluster& cluster,
                                             std::map<std::string, int32_t> totals,
                                             MonotonicTime deadline) {
  std::vector<proto::CreatePartitionsRequest::CreatePartitionsTopic> items;
  for (const auto& [name, count] : totals) {
    auto& item = items.emplace_back();
    item.name = name;
    item.count = count;
    item.assignments = {};  // null: the controller chooses
    item.assignments = {};  // null: the cluster places them
  }
  proto::CreatePartitionsRequest request;
  request.topics = proto::array_of(items);
  request.timeout_ms = milliseconds_left(cluster, deadline);
  auto answer = co_await admin_call(cluster, AdminTarget::kController, request, deadline);
  if (!answer) co_return answer.error().with_context("create partitions");
  Outcomes outcomes;
  for (const auto& topic : answer->message.results) {
    outcomes.push_back(
        to_outcome(topic.name, topic.error_code, topic.error_message, "create partitions of"));
  }
  cluster.expire_metadata();
  co_return outcomes;
}

io::Task<Result<std::vector<kafka::TopicInfo>>> list_topics(Cluster& cluster,
                                                            MonotonicTime deadline) {
  auto metadata = co_await cluster.refresh_all_topics(deadline);
  if (!metadata) co_return metadata.error().with_context("list topics");
  std::vector<kafka::TopicInfo> topics;
  for (const cluster::Topic& topic : (*metadata)->topics) {
    if (topic.error == proto::ErrorCode::kNone) topics.push_back(topic_info(topic));
  }
  co_return topics;
}

io::Task<Result<std::vector<kafka::TopicInfo>>> describe_topics(Cluster& cluster,
                                                                std::vector<std::string> names,
                                                                MonotonicTime deadline) {
  auto metadata = co_await cluster.refresh(names, deadline);
  if (!metadata) co_return metadata.error().with_context("describe topics");
  std::vector<kafka::TopicInfo> topics;
  for (const std::string& name : names) {
    const cluster::Topic* topic = (*metadata)->topic(std::string_view(name));
    if (topic == nullptr) {
      co_return proto::to_error(proto::ErrorCode::kUnknownTopicOrPartition, "topic " + name);
    }
    if (topic->error != proto::ErrorCode::kNone) {
      co_return proto::to_error(topic->error, "topic " + name);
    }
    topics.push_back(topic_info(*topic));
  }
  co_return topics;
}

io::Task<Result<kafka::ClusterInfo>> describe_cluster(Cluster& cluster, MonotonicTime deadline) {
  const proto::DescribeClusterRequest request;
  auto answer = co_await admin_call(cluster, AdminTarget::kAnyBroker, request, deadline);
  if (!answer) co_return answer.error().with_context("describe cluster");
  const proto::DescribeClusterResponse& response = answer->message;
  const proto::ErrorCode code = proto::error_code(response.error_code);
  if (code != proto::ErrorCode::kNone) {
    co_return proto::to_error(code, "describe cluster", response.error_message);
  }
  kafka::ClusterInfo info;
  info.id = response.cluster_id;
  info.controller = response.controller_id;
  for (const auto& item : response.brokers) {
    kafka::BrokerInfo& broker = info.brokers.emplace_back();
    broker.id = item.broker_id;
    broker.host = item.host;
    broker.port = static_cast<uint16_t>(item.port);
    if (!is_null(item.rack)) broker.rack = std::string(item.rack);
  }
  co_return info;
}

}  // namespace odradek::client
