// OffsetCommit: remembers where a group goes on. From v10 on topics are named by id (KIP-848).

#include <vector>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::OffsetCommitRequest;
using Response = proto::OffsetCommitResponse;

constexpr int16_t kKnowsEpochsFrom = 9;
constexpr int16_t kTopicIdsFrom = 10;
constexpr int64_t kRetentionOfBroker = -1;

using PartitionAnswer = Response::OffsetCommitResponsePartition;

// The offsets that may be committed, and the answers that wait to be told how it went.
struct Commits {
  std::vector<OffsetToCommit> offsets;
  std::vector<PartitionAnswer*> answers;
};

OffsetToCommit wanted(const Call<Request>& call, const Topic& topic,
                      const Request::OffsetCommitRequestPartition& asked) {
  const TimestampMs now_ms = call.node.wall_ms();
  OffsetToCommit commit{topic.name, asked.partition_index, {}};
  commit.offset.offset = asked.committed_offset;
  commit.offset.leader_epoch = asked.committed_leader_epoch;
  commit.offset.metadata = asked.committed_metadata;
  commit.offset.committed_ms = now_ms;
  commit.offset.topic_id = topic.id;
  if (call.message.retention_time_ms != kRetentionOfBroker) {
    commit.offset.expires_ms = now_ms + call.message.retention_time_ms;
  }
  return commit;
}

void read_topic(const Call<Request>& call, const Request::OffsetCommitRequestTopic& asked,
                Response::OffsetCommitResponseTopic& answer, Commits& commits) {
  const bool by_id = call.version() >= kTopicIdsFrom;
  answer.name = asked.name;
  answer.topic_id = asked.topic_id;
  const Topic* topic =
      by_id ? call.node.topics().find(asked.topic_id) : call.node.topics().find(asked.name);
  const ErrorCode unknown =
      by_id && topic == nullptr ? ErrorCode::kUnknownTopicId : ErrorCode::kUnknownTopicOrPartition;
  const std::string_view name = topic != nullptr ? topic->name : asked.name;
  const bool known = topic != nullptr || !by_id;
  const bool allowed = !known || may_topic(call, AclOperation::kRead, name);
  answer.partitions = call.arena.array<PartitionAnswer>(asked.partitions.size());
  for (size_t i = 0; i < asked.partitions.size(); ++i) {
    PartitionAnswer& each = answer.partitions[i];
    each.partition_index = asked.partitions[i].partition_index;
    if (!allowed) {
      each.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
      continue;
    }
    if (topic == nullptr || topic->partition(each.partition_index) == nullptr) {
      each.error_code = proto::to_number(unknown);
      continue;
    }
    commits.offsets.push_back(wanted(call, *topic, asked.partitions[i]));
    commits.answers.push_back(&each);
  }
}

// Takes out those that may not be committed though others may.
void refuse_single(const Groups& groups, const MemberRef& member, Commits& commits) {
  size_t kept = 0;
  for (size_t i = 0; i < commits.offsets.size(); ++i) {
    const OffsetToCommit& each = commits.offsets[i];
    ErrorCode error = groups.check_partition(member, each.offset.topic_id, each.partition);
    if (!groups.accepts_metadata(each.offset.metadata)) error = ErrorCode::kOffsetMetadataTooLarge;
    if (error != ErrorCode::kNone) {
      commits.answers[i]->error_code = proto::to_number(error);
      continue;
    }
    if (kept != i) commits.offsets[kept] = std::move(commits.offsets[i]);
    commits.answers[kept++] = commits.answers[i];
  }
  commits.offsets.resize(kept);
  commits.answers.resize(kept);
}

void refuse_all(const Call<Request>& call, ErrorCode error, Response& response) {
  const auto& topics = call.message.topics;
  response.topics = call.arena.array<Response::OffsetCommitResponseTopic>(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    auto& answer = response.topics[i];
    answer.name = topics[i].name;
    answer.topic_id = topics[i].topic_id;
    answer.partitions = call.arena.array<PartitionAnswer>(topics[i].partitions.size());
    for (size_t j = 0; j < answer.partitions.size(); ++j) {
      answer.partitions[j].partition_index = topics[i].partitions[j].partition_index;
      answer.partitions[j].error_code = proto::to_number(error);
    }
  }
}

void offset_commit(const Call<Request>& call, Response& response) {
  if (!may_group(call, AclOperation::kRead, call.message.group_id)) {
    return refuse_all(call, ErrorCode::kGroupAuthorizationFailed, response);
  }
  const auto& topics = call.message.topics;
  Commits commits;
  response.topics = call.arena.array<Response::OffsetCommitResponseTopic>(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    read_topic(call, topics[i], response.topics[i], commits);
  }
  // Kafka does not ask the group when no topic is left.
  if (commits.offsets.empty()) return;
  MemberRef member;
  member.group_id = call.message.group_id;
  member.member_id = call.message.member_id;
  member.instance_id = call.message.group_instance_id;
  member.generation = call.message.generation_id_or_member_epoch;
  CommitRules rules;
  rules.knows_epochs = call.version() >= kKnowsEpochsFrom;
  Groups& groups = call.node.groups().groups();
  ErrorCode error = call.node.groups().begin_commit(member, rules);
  if (error == ErrorCode::kNone) {
    refuse_single(groups, member, commits);
    error = groups.commit(member.group_id, commits.offsets);
  }
  for (PartitionAnswer* each : commits.answers) each->error_code = proto::to_number(error);
}

}  // namespace

constinit const HandlerInfo kOffsetCommitApi{proto::ApiKey::kOffsetCommit, 2, 10,
                                             answer<Request, offset_commit>};

}  // namespace odradek::broker
