// Admin::list_topics, describe_topics and describe_topics_by_id.
#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"

namespace odradek::client {
namespace {

constexpr int16_t kFirstWithIds = 12;

kafka::TopicInfo topic_info(const cluster::Topic& topic) {
  kafka::TopicInfo info;
  info.name = topic.name;
  info.id = topic_id(topic.id);
  info.is_internal = topic.is_internal;
  for (const cluster::Partition& partition : topic.partitions) {
    info.partitions.push_back({.id = partition.id,
                               .leader = partition.leader,
                               .leader_epoch = partition.leader_epoch,
                               .replicas = partition.replicas,
                               .in_sync_replicas = partition.in_sync_replicas});
  }
  return info;
}

kafka::TopicInfo topic_info(const proto::MetadataResponse::MetadataResponseTopic& topic) {
  kafka::TopicInfo info;
  info.name = topic.name;
  info.id = topic_id(topic.topic_id);
  info.is_internal = topic.is_internal;
  info.authorized_operations = operations_of(topic.topic_authorized_operations);
  for (const auto& partition : topic.partitions) {
    info.partitions.push_back({.id = partition.partition_index,
                               .leader = partition.leader_id,
                               .leader_epoch = partition.leader_epoch,
                               .replicas = list_of(partition.replica_nodes),
                               .in_sync_replicas = list_of(partition.isr_nodes),
                               .offline_replicas = list_of(partition.offline_replicas)});
  }
  std::ranges::sort(info.partitions, {}, &kafka::PartitionInfo::id);
  return info;
}

// By name, or by id where `ids` tells what a key stands for.
struct DescribeTopics {
  using Request = proto::MetadataRequest;
  using Key = std::string;
  using Value = kafka::TopicInfo;
  static constexpr std::string_view kDoing = "describe topic";

  std::map<std::string, Uuid> ids{};
  std::vector<Request::MetadataRequestTopic> topics{};

  Result<void> check(int16_t version) const {
    if (ids.empty() || version >= kFirstWithIds) return {};
    return Error(Errc::kUnsupported, "the broker does not describe topics by id");
  }

  Request request(const std::vector<Key>& keys) {
    topics.resize(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      if (ids.empty()) {
        topics[i].name = keys[i];
      } else {
        topics[i].topic_id = ids.at(keys[i]);
        topics[i].name = {};  // null: the id says which
      }
    }
    Request request;
    request.topics = proto::array_of(topics);
    request.allow_auto_topic_creation = false;
    request.include_topic_authorized_operations = true;
    return request;
  }

  Result<void> read(const proto::MetadataResponse& response, const std::vector<Key>&,
                    Replies<Key, Value>& replies) const {
    ODK_TRY_VOID(whole_answer(response, kDoing));
    for (const auto& topic : response.topics) {
      const std::string key = ids.empty() ? std::string(topic.name) : topic.topic_id.to_string();
      if (topic.error_code == 0) {
        replies.set(key, topic_info(topic));
      } else {
        replies.fail(key, topic.error_code);
      }
    }
    return {};
  }
};

using Described = std::vector<kafka::Named<kafka::TopicInfo>>;

io::Task<Result<Described>> describe_topics(Cluster& cluster, std::vector<std::string> names,
                                            MonotonicTime deadline) {
  co_return co_await ask_items(cluster, Route::kAnyBroker, DescribeTopics(), std::move(names),
                               deadline);
}

io::Task<Result<Described>> describe_topics_by_id(Cluster& cluster, std::vector<kafka::TopicId> ids,
                                                  MonotonicTime deadline) {
  DescribeTopics api;
  std::vector<std::string> keys;
  for (const kafka::TopicId& id : ids) {
    keys.push_back(id.to_string());
    api.ids[keys.back()] = Uuid{.bytes = id.bytes};
  }
  co_return co_await ask_items(cluster, Route::kAnyBroker, std::move(api), std::move(keys),
                               deadline);
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

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<TopicInfo>> Admin::list_topics(Wait wait) {
  return client::start<std::vector<TopicInfo>>(core_, wait, client::list_topics);
}

Op<std::vector<Named<TopicInfo>>> Admin::describe_topics(std::vector<std::string> names,
                                                         Wait wait) {
  return client::start<client::Described>(core_, wait, client::describe_topics, std::move(names));
}

Op<std::vector<Named<TopicInfo>>> Admin::describe_topics_by_id(std::vector<TopicId> ids,
                                                               Wait wait) {
  return client::start<client::Described>(core_, wait, client::describe_topics_by_id,
                                          std::move(ids));
}

}  // namespace odradek::kafka
