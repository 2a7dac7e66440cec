#include "proxy/handlers/75_describe_topic_partitions.h"

#include <algorithm>
#include <vector>

#include "proto/messages/describe_topic_partitions_request.h"
#include "proto/messages/describe_topic_partitions_response.h"
#include "proxy/handlers/03_metadata.h"
#include "proxy/metadata_view.h"

namespace odradek::proxy {
namespace {

using proto::DescribeTopicPartitionsRequest;
using proto::DescribeTopicPartitionsResponse;
using proto::MetadataRequest;
using proto::MetadataResponse;
using Topic = DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponseTopic;
using Partition = DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponsePartition;

constexpr int32_t kPageMax = 2000;  // as max.request.partition.size.limit

void copy(const MetadataResponse::MetadataResponsePartition& from, Partition& to) {
  to.error_code = from.error_code;
  to.partition_index = from.partition_index;
  to.leader_id = from.leader_id;
  to.leader_epoch = from.leader_epoch;
  to.replica_nodes = from.replica_nodes;
  to.isr_nodes = from.isr_nodes;
  to.offline_replicas = from.offline_replicas;
}

// The topics from the cursor on, `room` partitions at most.
struct Page {
  std::vector<Topic> topics;
  DescribeTopicPartitionsResponse::Cursor next;
  bool has_next = false;
  int32_t room = kPageMax;

  // `from`: the first partition wanted. False when the page is full.
  bool add(const MetadataResponse::MetadataResponseTopic& topic, int32_t from, Arena& arena) {
    const auto all = static_cast<int32_t>(topic.partitions.size());
    if (room == 0 && all > 0) return stop(topic.name, from);
    const int32_t first = std::clamp(from, 0, all);
    const int32_t count = std::min(all - first, room);
    Topic& shown = topics.emplace_back();
    shown.error_code = topic.error_code;
    shown.name = topic.name;
    shown.topic_id = topic.topic_id;
    shown.is_internal = topic.is_internal;
    shown.topic_authorized_operations = topic.topic_authorized_operations;
    shown.partitions = arena.array<Partition>(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; ++i) {
      copy(topic.partitions[static_cast<size_t>(first) + static_cast<size_t>(i)],
           shown.partitions[static_cast<size_t>(i)]);
    }
    room -= count;
    return first + count == all || stop(topic.name, first + count);
  }
  bool stop(std::string_view topic, int32_t partition) {
    next.topic_name = topic;
    next.partition_index = partition;
    has_next = true;
    return false;
  }
};

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<DescribeTopicPartitionsRequest>(request));
  std::vector<MetadataRequest::MetadataRequestTopic> names(decoded->topics.size());
  for (size_t i = 0; i < names.size(); ++i) names[i].name = decoded->topics[i].name;
  MetadataRequest question;
  question.topics = names;  // null, all topics, when none is named
  if (names.empty()) question.topics = {};
  question.allow_auto_topic_creation = false;
  question.include_topic_authorized_operations = true;
  auto answer = co_await ask_metadata(session, question, session.context.request_deadline());
  if (!answer) co_return answer.error();

  hide_topics(session, answer->message, names.empty());
  Arena arena;
  auto& topics = answer->message.topics;
  std::ranges::sort(topics, {}, &MetadataResponse::MetadataResponseTopic::name);
  const DescribeTopicPartitionsRequest::Cursor* cursor = decoded->cursor;
  Page page;
  page.room = std::clamp(decoded->response_partition_limit, 1, kPageMax);
  for (auto& topic : topics) {
    if (cursor != nullptr && topic.name < cursor->topic_name) continue;
    show_virtual_topic(topic, session.context.registry(), session.context.topology, arena);
    const bool is_cursor = cursor != nullptr && topic.name == cursor->topic_name;
    if (!page.add(topic, is_cursor ? cursor->partition_index : 0, arena)) break;
  }
  DescribeTopicPartitionsResponse response;
  response.topics = page.topics;
  if (page.has_next) response.next_cursor = &page.next;
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler describe_topic_partitions_handler() {
  return {.key = proto::ApiKey::kDescribeTopicPartitions,
          .min_version = 0,
          .max_version = 0,
          .needs_broker = false,
          .run = run};
}

}  // namespace odradek::proxy
