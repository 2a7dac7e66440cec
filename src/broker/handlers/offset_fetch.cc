// OffsetFetch: where groups go on. One group up to v7, several from v8 on; topics by id from v10.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::OffsetFetchRequest;
using Response = proto::OffsetFetchResponse;

constexpr int16_t kGroupErrorFrom = 2;
constexpr int16_t kManyGroupsFrom = 8;
constexpr int16_t kTopicIdsFrom = 10;

using Committed = OffsetTable::Partitions;

// Where the answers of one group come from.
struct Source {
  const OffsetTable& offsets;
  std::string_view group;
  bool require_stable;
  bool hidden;  // the group does not exist: nothing is told
};

// The two generations of this message have partitions of different types with the same fields.
template <class Answer>
void tell(const Source& source, std::string_view topic, int32_t partition, Answer& answer) {
  const bool unstable =
      source.require_stable && source.offsets.is_pending(source.group, topic, partition);
  const CommittedOffset* offset = nullptr;
  if (!unstable && !source.hidden) offset = source.offsets.find(source.group, topic, partition);
  answer.partition_index = partition;
  answer.committed_offset = offset == nullptr ? -1 : offset->offset;
  answer.committed_leader_epoch = offset == nullptr ? -1 : offset->leader_epoch;
  answer.metadata = offset == nullptr ? std::string_view("") : std::string_view(offset->metadata);
  if (unstable) answer.error_code = proto::to_number(ErrorCode::kUnstableOffsetCommit);
}

template <class Answer>
std::span<Answer> tell_all(const Source& source, std::string_view topic, const Committed& offsets,
                           Arena& arena) {
  std::span<Answer> answers = arena.array<Answer>(offsets.size());
  size_t next = 0;
  for (const auto& [partition, offset] : offsets) tell(source, topic, partition, answers[next++]);
  return answers;
}

template <class Answer>
std::span<Answer> tell_asked(const Source& source, std::string_view topic,
                             std::span<const int32_t> partitions, Arena& arena) {
  std::span<Answer> answers = arena.array<Answer>(partitions.size());
  for (size_t i = 0; i < partitions.size(); ++i) tell(source, topic, partitions[i], answers[i]);
  return answers;
}

template <class Answer>
std::span<Answer> refuse_asked(std::span<const int32_t> partitions, ErrorCode error, Arena& arena) {
  std::span<Answer> answers = arena.array<Answer>(partitions.size());
  for (size_t i = 0; i < partitions.size(); ++i) {
    answers[i].partition_index = partitions[i];
    answers[i].committed_offset = -1;
    answers[i].committed_leader_epoch = -1;
    answers[i].metadata = "";
    answers[i].error_code = proto::to_number(error);
  }
  return answers;
}

Source source_of(const Call<Request>& call, std::string_view group) {
  const Groups& groups = call.node.groups().groups();
  return {groups.offsets(), group, call.message.require_stable, !groups.contains(group)};
}

void fetch_one_group(const Call<Request>& call, Response& response) {
  using Topics = Response::OffsetFetchResponseTopic;
  using Partition = Response::OffsetFetchResponsePartition;
  const Source source = source_of(call, call.message.group_id);
  const auto& asked = call.message.topics;
  const bool allowed = may_group(call, AclOperation::kDescribe, call.message.group_id);
  if (!allowed && call.version() >= kGroupErrorFrom) {
    response.error_code = proto::to_number(ErrorCode::kGroupAuthorizationFailed);
    response.topics = proto::empty_array<Topics>();
    return;
  }
  if (asked.data() == nullptr) {
    const OffsetTable::Topics& offsets = source.offsets.of(source.group);
    response.topics = call.arena.array<Topics>(offsets.size());
    size_t next = 0;
    for (const auto& [topic, partitions] : offsets) {
      if (!may_topic(call, AclOperation::kDescribe, topic)) continue;
      response.topics[next].name = topic;
      response.topics[next++].partitions =
          tell_all<Partition>(source, topic, partitions, call.arena);
    }
    response.topics = response.topics.first(next);
    return;
  }
  response.topics = call.arena.array<Topics>(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    response.topics[i].name = asked[i].name;
    if (!allowed || !may_topic(call, AclOperation::kDescribe, asked[i].name)) {
      response.topics[i].partitions = refuse_asked<Partition>(
          asked[i].partition_indexes,
          allowed ? ErrorCode::kTopicAuthorizationFailed : ErrorCode::kGroupAuthorizationFailed,
          call.arena);
      continue;
    }
    response.topics[i].partitions =
        tell_asked<Partition>(source, asked[i].name, asked[i].partition_indexes, call.arena);
  }
}

using TopicAnswer = Response::OffsetFetchResponseTopics;
using PartitionAnswer = Response::OffsetFetchResponsePartitions;

// All offsets of a group. With ids only those of topics that still exist can be told.
std::span<TopicAnswer> fetch_all_topics(const Call<Request>& call, const Source& source) {
  const bool by_id = call.version() >= kTopicIdsFrom;
  const OffsetTable::Topics& offsets = source.offsets.of(source.group);
  std::span<TopicAnswer> answers = call.arena.array<TopicAnswer>(offsets.size());
  size_t next = 0;
  for (const auto& [name, partitions] : offsets) {
    const Topic* topic = call.node.topics().find(std::string_view(name));
    if (by_id && topic == nullptr) continue;
    if (!may_topic(call, AclOperation::kDescribe, name)) continue;
    answers[next].name = name;
    if (topic != nullptr) answers[next].topic_id = topic->id;
    answers[next++].partitions = tell_all<PartitionAnswer>(source, name, partitions, call.arena);
  }
  return answers.first(next);
}

void fetch_group(const Call<Request>& call, const Request::OffsetFetchRequestGroup& asked,
                 Response::OffsetFetchResponseGroup& answer) {
  const bool by_id = call.version() >= kTopicIdsFrom;
  const Source source = source_of(call, asked.group_id);
  answer.group_id = asked.group_id;
  ErrorCode error = ErrorCode::kGroupAuthorizationFailed;
  if (may_group(call, AclOperation::kDescribe, asked.group_id)) {
    error = call.node.groups().groups().check_fetch(asked.group_id, asked.member_id,
                                                    asked.member_epoch);
  }
  if (error != ErrorCode::kNone) {
    answer.error_code = proto::to_number(error);
    answer.topics = proto::empty_array<TopicAnswer>();
    return;
  }
  if (asked.topics.data() == nullptr) {
    answer.topics = fetch_all_topics(call, source);
    return;
  }
  answer.topics = call.arena.array<TopicAnswer>(asked.topics.size());
  for (size_t i = 0; i < asked.topics.size(); ++i) {
    TopicAnswer& each = answer.topics[i];
    const auto& wanted = asked.topics[i];
    each.name = wanted.name;
    each.topic_id = wanted.topic_id;
    const Topic* topic = by_id ? call.node.topics().find(wanted.topic_id) : nullptr;
    if (by_id && topic == nullptr) {
      each.partitions = refuse_asked<PartitionAnswer>(wanted.partition_indexes,
                                                      ErrorCode::kUnknownTopicId, call.arena);
      continue;
    }
    const std::string_view name = by_id ? std::string_view(topic->name) : wanted.name;
    if (!may_topic(call, AclOperation::kDescribe, name)) {
      each.partitions = refuse_asked<PartitionAnswer>(
          wanted.partition_indexes, ErrorCode::kTopicAuthorizationFailed, call.arena);
      continue;
    }
    each.partitions =
        tell_asked<PartitionAnswer>(source, name, wanted.partition_indexes, call.arena);
  }
}

void offset_fetch(const Call<Request>& call, Response& response) {
  if (call.version() < kManyGroupsFrom) return fetch_one_group(call, response);
  const auto& groups = call.message.groups;
  response.groups = call.arena.array<Response::OffsetFetchResponseGroup>(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) fetch_group(call, groups[i], response.groups[i]);
}

}  // namespace

constinit const HandlerInfo kOffsetFetchApi{proto::ApiKey::kOffsetFetch, 1, 10,
                                            answer<Request, offset_fetch>};

}  // namespace odradek::broker
