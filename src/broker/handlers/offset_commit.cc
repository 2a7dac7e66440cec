// OffsetCommit: remembers where a group goes on. From v10 on topics are named by id (KIP-848).

#include "broker/handlers/apis.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::OffsetCommitRequest;
using Response = proto::OffsetCommitResponse;

constexpr int16_t kNamesMissingGroupsFrom = 9;
constexpr int16_t kTopicIdsFrom = 10;
constexpr int64_t kRetentionOfBroker = -1;

ErrorCode commit_one(const Call<Request>& call, const Topic& topic,
                     const Request::OffsetCommitRequestPartition& asked) {
  const TimestampMs now_ms = call.node.wall_ms();
  CommittedOffset offset;
  offset.offset = asked.committed_offset;
  offset.leader_epoch = asked.committed_leader_epoch;
  offset.metadata = asked.committed_metadata;
  offset.committed_ms = now_ms;
  if (call.message.retention_time_ms != kRetentionOfBroker) {
    offset.expires_ms = now_ms + call.message.retention_time_ms;
  }
  return call.node.groups().groups().commit(call.message.group_id, topic.name,
                                            asked.partition_index, std::move(offset));
}

void commit_topic(const Call<Request>& call, const Request::OffsetCommitRequestTopic& asked,
                  ErrorCode group_error, Response::OffsetCommitResponseTopic& answer) {
  const bool by_id = call.version() >= kTopicIdsFrom;
  answer.name = asked.name;
  answer.topic_id = asked.topic_id;
  const Topic* topic =
      by_id ? call.node.topics().find(asked.topic_id) : call.node.topics().find(asked.name);
  answer.partitions =
      call.arena.array<Response::OffsetCommitResponsePartition>(asked.partitions.size());
  for (size_t i = 0; i < asked.partitions.size(); ++i) {
    ErrorCode error = group_error;
    if (topic == nullptr) {
      error = by_id ? ErrorCode::kUnknownTopicId : ErrorCode::kUnknownTopicOrPartition;
    } else if (topic->partition(asked.partitions[i].partition_index) == nullptr) {
      error = ErrorCode::kUnknownTopicOrPartition;
    } else if (error == ErrorCode::kNone) {
      error = commit_one(call, *topic, asked.partitions[i]);
    }
    answer.partitions[i].partition_index = asked.partitions[i].partition_index;
    answer.partitions[i].error_code = proto::to_number(error);
  }
}

void offset_commit(const Call<Request>& call, Response& response) {
  MemberRef member;
  member.group_id = call.message.group_id;
  member.member_id = call.message.member_id;
  member.instance_id = call.message.group_instance_id;
  member.generation = call.message.generation_id_or_member_epoch;
  const ErrorCode error =
      call.node.groups().begin_commit(member, call.version() >= kNamesMissingGroupsFrom);
  const auto& topics = call.message.topics;
  response.topics = call.arena.array<Response::OffsetCommitResponseTopic>(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    commit_topic(call, topics[i], error, response.topics[i]);
  }
}

}  // namespace

constinit const HandlerInfo kOffsetCommitApi{proto::ApiKey::kOffsetCommit, 2, 10,
                                             answer<Request, offset_commit>};

}  // namespace odradek::broker
