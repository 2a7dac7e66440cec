#include "proxy/handlers/28_txn_offset_commit.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "proto/messages/add_offsets_to_txn_request.h"
#include "proto/messages/add_offsets_to_txn_response.h"
#include "proto/messages/txn_offset_commit_request.h"
#include "proto/messages/txn_offset_commit_response.h"
#include "proxy/handlers/leaders.h"
#include "proxy/handlers/member_check.h"
#include "proxy/handlers/offset_parts.h"

namespace odradek::proxy {
namespace {

using proto::AddOffsetsToTxnRequest;
using proto::AddOffsetsToTxnResponse;
using proto::ErrorCode;
using proto::TxnOffsetCommitRequest;
using proto::TxnOffsetCommitResponse;
using Topic = TxnOffsetCommitRequest::TxnOffsetCommitRequestTopic;
using Partition = TxnOffsetCommitRequest::TxnOffsetCommitRequestPartition;
using Answer = GroupAnswer<TxnOffsetCommitRequest>;

constexpr int16_t kVersionMax = 5;
// From here on the broker adds the group to the transaction itself (KIP-890).
constexpr int16_t kFirstAddingGroups = 5;

// One commit under way.
struct Commit {
  const TxnOffsetCommitRequest& request;
  int16_t version = 0;
  MonotonicTime deadline;
  CommitSplit split{};
  Arena arena{};
  std::deque<std::string> notes{};  // packed metadata, viewed by the requests
};

std::span<Topic> topics_of(Commit& commit, const std::vector<size_t>& items, bool is_shadow) {
  return committed_topics<Topic, Partition>(commit.request, commit.split, items, is_shadow,
                                            commit.arena, commit.notes);
}

void take(Commit& commit, const std::vector<size_t>& items, const Answer& answer) {
  take_codes(commit.request, items, answer, ErrorCode::kCoordinatorNotAvailable, commit.split);
}

bool has_error(const Commit& commit) {
  return std::ranges::any_of(commit.split.items(),
                             [](const auto& item) { return item.error != ErrorCode{}; });
}

io::Task<void> commit_main(Session& session, Commit& commit) {
  const std::vector<size_t>& items = commit.split.by_group().at(GroupIndex(0));
  TxnOffsetCommitRequest upstream = commit.request;
  upstream.topics = topics_of(commit, items, false);
  const Answer answer =
      co_await ask_coordinator(session, std::string(upstream.group_id), upstream, commit.version,
                               names_moved_coordinator<TxnOffsetCommitResponse>, commit.deadline);
  take(commit, items, answer);
}

// Without offsets for the group itself it does not see the commit, and is asked about the member.
// Producers of before KIP-447 name none, and a broker then takes any.
io::Task<void> check(Session& session, Commit& commit) {
  const TxnOffsetCommitRequest& request = commit.request;
  const bool names_member = request.generation_id_or_member_epoch >= 0 ||
                            !request.member_id.empty() || !is_null(request.group_instance_id);
  if (!names_member) co_return;
  CommittingMember member = {.group = std::string(request.group_id),
                             .generation = request.generation_id_or_member_epoch,
                             .member_id = request.member_id,
                             .instance_id = request.group_instance_id};
  const ErrorCode code = co_await check_member(session, std::move(member), commit.deadline);
  if (code != ErrorCode{}) commit.split.fail_all(code);
}

// Makes the shadow group part of the transaction.
io::Task<ErrorCode> add_to_transaction(Session& session, const Commit& commit, std::string shadow) {
  AddOffsetsToTxnRequest request;
  request.transactional_id = commit.request.transactional_id;
  request.producer_id = commit.request.producer_id;
  request.producer_epoch = commit.request.producer_epoch;
  request.group_id = shadow;
  const auto moved = [](const AddOffsetsToTxnResponse& response) {
    return is_moved_coordinator(response.error_code);
  };
  const auto answer =
      co_await ask_coordinator(session, std::string(request.transactional_id), request, 4, moved,
                               commit.deadline, CoordinatorType::kTransaction);
  if (!answer) co_return ErrorCode::kCoordinatorNotAvailable;
  co_return proto::error_code(answer->message.error_code);
}

void fail_items(Commit& commit, const std::vector<size_t>& items, ErrorCode code) {
  for (const size_t at : items) commit.split.item(at).error = code;
}

io::Task<void> commit_shadows(Session& session, Commit& commit) {
  std::vector<GroupQuestion<TxnOffsetCommitRequest>> questions;
  std::vector<const std::vector<size_t>*> parts;
  for (const auto& [group, items] : commit.split.by_group()) {
    if (group == GroupIndex(0)) continue;
    std::string shadow = session.context.shadows.name(commit.request.group_id, group);
    if (commit.version < kFirstAddingGroups) {
      const ErrorCode code = co_await add_to_transaction(session, commit, shadow);
      if (code != ErrorCode{}) {
        fail_items(commit, items, code);
        continue;
      }
    }
    auto& question = questions.emplace_back();
    question.group = std::move(shadow);
    question.request = commit.request;
    question.request.generation_id_or_member_epoch = -1;
    question.request.member_id = "";
    question.request.group_instance_id = {};
    question.request.topics = topics_of(commit, items, true);
    parts.push_back(&items);
  }
  for (auto& question : questions) question.request.group_id = question.group;
  const auto answers =
      co_await ask_coordinators(session, questions, commit.version,
                                names_moved_coordinator<TxnOffsetCommitResponse>, commit.deadline);
  for (size_t i = 0; i < answers.size(); ++i) {
    take(commit, *parts[i], answers[i]);
    session.context.stats.shadow_commits += parts[i]->size();
  }
}

void respond(Session& session, rpc::Request& request, const Commit& commit) {
  Arena arena;
  TxnOffsetCommitResponse response;
  response.topics = answered_topics<TxnOffsetCommitResponse::TxnOffsetCommitResponseTopic,
                                    TxnOffsetCommitResponse::TxnOffsetCommitResponsePartition>(
      commit.request, commit.split, arena);
  for (const CommitSplit::Item& item : commit.split.items()) {
    count_error(session, request.api_key, proto::to_number(item.error));
  }
  rpc::respond(request, response);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<TxnOffsetCommitRequest>(request));
  const TxnOffsetCommitRequest& message = decoded.message;
  Commit commit{message, request.version, session.context.request_deadline()};
  const ResolvedTopics topics =
      co_await session.resolve(Operation::kRead, refs_by_name(message.topics, &Topic::name),
                               ErrorCode::kCoordinatorNotAvailable, commit.deadline);
  split_partitions(message, topics, commit.split,
                   [](const Partition& partition) { return partition.committed_offset; });
  ErrorCode refusal = session.group_refusal(Operation::kRead, message.group_id);
  if (refusal == ErrorCode{}) {
    refusal = session.transaction_refusal(Operation::kWrite, message.transactional_id);
  }
  if (refusal != ErrorCode{}) {
    commit.split.fail_all(refusal);
  } else if (commit.split.has_main()) {
    co_await commit_main(session, commit);
    // A transaction that cannot commit all of them is of no use with some.
    for (const auto& item : commit.split.items()) {
      if (item.error != ErrorCode{}) commit.split.fail_all(item.error);
    }
  } else if (commit.split.has_shadows()) {
    co_await check(session, commit);
  }
  if (session.is_closed) co_return Errc::kClosed;
  if (commit.split.has_shadows() && !has_error(commit)) co_await commit_shadows(session, commit);
  if (session.is_closed) co_return Errc::kClosed;
  respond(session, request, commit);
  co_return Result<void>{};
}

}  // namespace

Handler txn_offset_commit_handler() {
  return {.key = proto::ApiKey::kTxnOffsetCommit,
          .min_version = 0,
          .max_version = kVersionMax,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
