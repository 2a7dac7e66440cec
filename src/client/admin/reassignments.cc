// Admin::alter_reassignments and list_reassignments (KIP-455).
#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "client/grouped.h"
#include "proto/messages/alter_partition_reassignments_request.h"
#include "proto/messages/alter_partition_reassignments_response.h"
#include "proto/messages/list_partition_reassignments_request.h"
#include "proto/messages/list_partition_reassignments_response.h"

namespace odradek::client {
namespace {

struct AlterReassignments {
  using Request = proto::AlterPartitionReassignmentsRequest;
  using Key = kafka::TopicPartition;
  using Value = void;
  static constexpr std::string_view kDoing = "reassign";

  std::map<Key, std::optional<std::vector<int32_t>>> replicas;
  int32_t timeout_ms = 0;
  Grouped<Request::ReassignablePartition> grouped{};
  std::vector<Request::ReassignableTopic> topics{};

  Request request(const std::vector<Key>& partitions) {
    for (const Key& id : partitions) {
      auto& partition = grouped.add(id.topic);
      partition.partition_index = id.partition;
      auto& wanted = replicas.at(id);
      partition.replicas = {};  // null: ends the one under way
      if (wanted) partition.replicas = proto::array_of(*wanted);
    }
    topics = grouped.topics<Request::ReassignableTopic>();
    Request request;
    request.topics = proto::array_of(topics);
    request.timeout_ms = timeout_ms;
    return request;
  }
  static Result<void> read(const proto::AlterPartitionReassignmentsResponse& response,
                           const std::vector<Key>&, Replies<Key, Value>& replies) {
    ODK_TRY_VOID(whole_answer(response, kDoing));
    for (const auto& topic : response.responses) {
      for (const auto& partition : topic.partitions) {
        const Key id{std::string(topic.name), partition.partition_index};
        replies.settle(id, partition.error_code, partition.error_message);
      }
    }
    return {};
  }
};

io::Task<Result<std::vector<kafka::OfPartition<void>>>> alter_reassignments(
    Cluster& cluster, std::vector<kafka::Reassignment> reassignments, MonotonicTime deadline) {
  AlterReassignments api{.replicas = {}, .timeout_ms = milliseconds_left(cluster, deadline)};
  std::vector<kafka::TopicPartition> keys;
  for (kafka::Reassignment& item : reassignments) {
    keys.push_back(item.partition);
    api.replicas[item.partition] = std::move(item.replicas);
  }
  ODK_CO_TRY_VOID(refuse_doubles(keys, AlterReassignments::kDoing));
  auto items =
      co_await ask_items(cluster, Route::kController, std::move(api), std::move(keys), deadline);
  cluster.expire_metadata();
  co_return items;
}

using Ongoing = std::vector<kafka::OngoingReassignment>;

io::Task<Result<Ongoing>> list_reassignments(Cluster& cluster,
                                             std::vector<kafka::TopicPartition> partitions,
                                             MonotonicTime deadline) {
  using Request = proto::ListPartitionReassignmentsRequest;
  Grouped<int32_t> grouped;
  for (const kafka::TopicPartition& id : partitions) grouped.add(id.topic) = id.partition;
  auto topics = grouped.topics<Request::ListPartitionReassignmentsTopics>();
  Request request;
  request.topics = {};  // null: all
  if (!topics.empty()) request.topics = proto::array_of(topics);
  request.timeout_ms = milliseconds_left(cluster, deadline);
  auto answer = co_await admin_call(cluster, kController, request, "list reassignments", deadline);
  if (!answer) co_return answer.error();
  Ongoing ongoing;
  for (const auto& topic : answer->message.topics) {
    for (const auto& partition : topic.partitions) {
      ongoing.push_back({.partition = {std::string(topic.name), partition.partition_index},
                         .replicas = list_of(partition.replicas),
                         .adding = list_of(partition.adding_replicas),
                         .removing = list_of(partition.removing_replicas)});
    }
  }
  co_return ongoing;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<OfPartition<void>>> Admin::alter_reassignments(
    std::vector<Reassignment> reassignments, Wait wait) {
  return client::start<std::vector<OfPartition<void>>>(core_, wait, client::alter_reassignments,
                                                       std::move(reassignments));
}

Op<std::vector<OngoingReassignment>> Admin::list_reassignments(
    std::vector<TopicPartition> partitions, Wait wait) {
  return client::start<client::Ongoing>(core_, wait, client::list_reassignments,
                                        std::move(partitions));
}

}  // namespace odradek::kafka
