// TxnOffsetCommit: offsets of a group that count when a transaction commits. From v5 on the request
// itself brings the group's partition of __consumer_offsets into the transaction (KIP-890).

#include <vector>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/txn_offset_commit_request.h"
#include "proto/messages/txn_offset_commit_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::TxnOffsetCommitRequest;
using Response = proto::TxnOffsetCommitResponse;
using PartitionAnswer = Response::TxnOffsetCommitResponsePartition;

constexpr int16_t kAbortableFrom = 4;  // TRANSACTION_ABORTABLE is understood
constexpr int16_t kJoinsFrom = 5;

struct Commits {
  std::vector<OffsetToCommit> offsets;
  std::vector<PartitionAnswer*> answers;  // of those
};

void read_topic(const Call<Request>& call, ErrorCode refused,
                const Request::TxnOffsetCommitRequestTopic& asked,
                Response::TxnOffsetCommitResponseTopic& answer, Commits& commits) {
  const Topic* topic = call.node.topics().find(asked.name);
  const Groups& groups = call.node.groups().groups();
  const bool allowed = may_topic(call, AclOperation::kRead, asked.name);
  answer.name = asked.name;
  answer.partitions = call.arena.array<PartitionAnswer>(asked.partitions.size());
  for (size_t i = 0; i < asked.partitions.size(); ++i) {
    const auto& wanted = asked.partitions[i];
    PartitionAnswer& each = answer.partitions[i];
    each.partition_index = wanted.partition_index;
    if (refused != ErrorCode::kNone) {
      each.error_code = proto::to_number(refused);
      continue;
    }
    if (!allowed) {
      each.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
      continue;
    }
    if (topic == nullptr || topic->partition(wanted.partition_index) == nullptr) {
      each.error_code = proto::to_number(ErrorCode::kUnknownTopicOrPartition);
      continue;
    }
    if (!groups.accepts_metadata(wanted.committed_metadata)) {
      each.error_code = proto::to_number(ErrorCode::kOffsetMetadataTooLarge);
      continue;
    }
    OffsetToCommit commit{topic->name, wanted.partition_index, {}};
    commit.offset.offset = wanted.committed_offset;
    commit.offset.leader_epoch = wanted.committed_leader_epoch;
    commit.offset.metadata = wanted.committed_metadata;
    commit.offset.committed_ms = call.node.wall_ms();
    commit.offset.topic_id = topic->id;
    commits.offsets.push_back(std::move(commit));
    commits.answers.push_back(&each);
  }
}

// Whether the producer may write to the group's partition in its transaction.
ErrorCode join_transaction(const Call<Request>& call) {
  StateLog& log = call.node.offsets_log();
  const ErrorCode missing = log.ensure_topic();
  if (missing != ErrorCode::kNone) return missing;
  const int32_t index = log.partition_of(call.message.group_id);
  const Partition& partition = *call.node.topics().find(log.topic())->partition(index);
  TxnJoin how = TxnJoin::kVerifyOld;
  if (call.version() >= kAbortableFrom) how = TxnJoin::kVerify;
  if (call.version() >= kJoinsFrom) how = TxnJoin::kAdd;
  log::TxnProof proof{};
  const ErrorCode error = call.node.txns().join(
      {call.message.transactional_id, call.message.producer_id, call.message.producer_epoch},
      {std::string(log.topic()), index}, partition.log, how, proof);
  return error == ErrorCode::kNotEnoughReplicas ? ErrorCode::kCoordinatorNotAvailable : error;
}

// Whether the client may do this at all, before its topics are looked at.
ErrorCode check_access(const Call<Request>& call) {
  const Request& asked = call.message;
  if (!is_allowed(call, AclOperation::kWrite, ResourceType::kTransactionalId,
                  asked.transactional_id)) {
    return ErrorCode::kTransactionalIdAuthorizationFailed;
  }
  if (!may_group(call, AclOperation::kRead, asked.group_id)) {
    return ErrorCode::kGroupAuthorizationFailed;
  }
  return ErrorCode::kNone;
}

ErrorCode commit(const Call<Request>& call, Commits& commits) {
  const Request& asked = call.message;
  if (asked.group_id.empty()) return ErrorCode::kInvalidGroupId;
  const ErrorCode refused = join_transaction(call);
  if (refused != ErrorCode::kNone) return refused;
  MemberRef member;
  member.group_id = asked.group_id;
  member.member_id = asked.member_id;
  member.instance_id = asked.group_instance_id;
  member.generation = asked.generation_id_or_member_epoch;
  CommitRules rules;
  rules.transactional = true;
  const ErrorCode error = call.node.groups().begin_commit(member, rules);
  if (error != ErrorCode::kNone) return error;
  return call.node.groups().groups().commit(asked.group_id, commits.offsets,
                                            {asked.producer_id, asked.producer_epoch});
}

void txn_offset_commit(const Call<Request>& call, Response& response) {
  const auto& topics = call.message.topics;
  const ErrorCode refused = check_access(call);
  Commits commits;
  response.topics = call.arena.array<Response::TxnOffsetCommitResponseTopic>(topics.size());
  for (size_t i = 0; i < topics.size(); ++i) {
    read_topic(call, refused, topics[i], response.topics[i], commits);
  }
  if (commits.offsets.empty()) return;
  const ErrorCode error = commit(call, commits);
  for (PartitionAnswer* each : commits.answers) each->error_code = proto::to_number(error);
}

}  // namespace

constinit const HandlerInfo kTxnOffsetCommitApi{proto::ApiKey::kTxnOffsetCommit, 0, 5,
                                                answer<Request, txn_offset_commit>};

}  // namespace odradek::broker
