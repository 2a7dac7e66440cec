// DescribeTopicPartitions: topics page by page. Source: KIP-966.

#include <algorithm>
#include <set>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/handlers/operations.h"
#include "proto/messages/describe_topic_partitions_request.h"
#include "proto/messages/describe_topic_partitions_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DescribeTopicPartitionsRequest;
using Response = proto::DescribeTopicPartitionsResponse;
using Answer = Response::DescribeTopicPartitionsResponseTopic;
using PartitionAnswer = Response::DescribeTopicPartitionsResponsePartition;

// The topics of this page and the following ones, in order.
std::set<std::string_view> wanted_topics(const Call<Request>& call) {
  std::set<std::string_view> names;
  const Request::Cursor* cursor = call.message.cursor;
  const std::string_view from = cursor == nullptr ? std::string_view("") : cursor->topic_name;
  if (call.message.topics.empty()) {
    for (const auto& [name, topic] : call.node.topics().all()) {
      if (name >= from && may_topic(call, AclOperation::kDescribe, name)) names.insert(name);
    }
    return names;
  }
  for (const auto& topic : call.message.topics) {
    if (topic.name >= from) names.insert(topic.name);
  }
  if (cursor != nullptr) names.insert(from);
  return names;
}

void fill_partition(const Call<Request>& call, const Topic& topic, size_t index,
                    PartitionAnswer& answer) {
  std::span<int32_t> here = call.arena.array<int32_t>(1);
  here[0] = call.node.id();
  answer.partition_index = static_cast<int32_t>(index);
  answer.leader_id = call.node.id();
  answer.leader_epoch = topic.partitions[index]->log.leader_epoch();
  answer.replica_nodes = here;
  answer.isr_nodes = here;
  answer.eligible_leader_replicas = proto::empty_array<int32_t>();
  answer.last_known_elr = proto::empty_array<int32_t>();
  answer.offline_replicas = proto::empty_array<int32_t>();
}

void set_cursor(const Call<Request>& call, std::string_view topic, size_t partition,
                Response& response) {
  response.next_cursor = call.arena.create<Response::Cursor>();
  response.next_cursor->topic_name = topic;
  response.next_cursor->partition_index = static_cast<int32_t>(partition);
}

// A cursor must be at a partition of one of the topics asked for.
bool is_cursor_valid(const Request& request) {
  const Request::Cursor* cursor = request.cursor;
  if (cursor == nullptr) return true;
  if (cursor->partition_index < 0) return false;
  return request.topics.empty() ||
         std::ranges::any_of(request.topics, [cursor](const Request::TopicRequest& topic) {
           return topic.name == cursor->topic_name;
         });
}

void refuse(const Call<Request>& call, Response& response) {
  const auto& asked = call.message.topics;
  response.topics = call.arena.array<Answer>(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    response.topics[i].error_code = proto::to_number(ErrorCode::kInvalidRequest);
    response.topics[i].name = asked[i].name;
    response.topics[i].partitions = proto::empty_array<PartitionAnswer>();
  }
}

void describe_topic_partitions(const Call<Request>& call, Response& response) {
  if (!is_cursor_valid(call.message)) return refuse(call, response);
  const Request::Cursor* cursor = call.message.cursor;
  const std::set<std::string_view> names = wanted_topics(call);
  const int64_t limit =
      std::min<int64_t>(call.message.response_partition_limit,
                        call.node.settings().get_long("max.request.partition.size.limit"));
  auto left = static_cast<size_t>(std::max<int64_t>(limit, 1));
  std::span<Answer> answers = call.arena.array<Answer>(names.size());
  size_t count = 0;
  for (const std::string_view name : names) {
    if (left == 0) {
      set_cursor(call, name, 0, response);
      break;
    }
    Answer& answer = answers[count++];
    answer.name = name;
    answer.topic_authorized_operations = operations_of(call, ResourceType::kTopic, name);
    answer.partitions = proto::empty_array<PartitionAnswer>();
    const Topic* topic = call.node.topics().find(name);
    const bool at_cursor = cursor != nullptr && cursor->topic_name == name;
    if (!may_topic(call, AclOperation::kDescribe, name)) {
      answer.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
      answer.topic_authorized_operations = kOperationsNotAsked;
      continue;
    }
    if (topic == nullptr) {
      answer.error_code =
          proto::to_number(topic_name_fault(name).empty() ? ErrorCode::kUnknownTopicOrPartition
                                                          : ErrorCode::kInvalidTopicException);
      continue;
    }
    answer.topic_id = topic->id;
    answer.is_internal = is_internal_topic(topic->name);
    const size_t all = topic->partitions.size();
    const size_t first =
        at_cursor ? std::min(static_cast<size_t>(cursor->partition_index), all) : 0;
    const size_t shown = std::min(all - first, left);
    answer.partitions = call.arena.array<PartitionAnswer>(shown);
    for (size_t i = 0; i < shown; ++i) {
      fill_partition(call, *topic, first + i, answer.partitions[i]);
    }
    left -= shown;
    if (first + shown < all) {
      set_cursor(call, topic->name, first + shown, response);
      break;
    }
  }
  response.topics = answers.first(count);
}

}  // namespace

constinit const HandlerInfo kDescribeTopicPartitionsApi{
    proto::ApiKey::kDescribeTopicPartitions, 0, 0, answer<Request, describe_topic_partitions>};

}  // namespace odradek::broker
