#include "proxy/handlers/28_txn_offset_commit.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "proto/messages/add_offsets_to_txn_request.h"
#include "proto/messages/add_offsets_to_txn_response.h"
#include "proto/messages/txn_offset_commit_request.h"
#include "proto/messages/txn_offset_commit_response.h"
#include "proxy/commit_split.h"
#include "proxy/handlers/coordinator.h"
#include "proxy/handlers/leaders.h"
#include "proxy/handlers/member_check.h"

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

bool has_moved(const TxnOffsetCommitResponse& response) {
  return std::ranges::any_of(response.topics, [](const auto& topic) {
    return std::ranges::any_of(topic.partitions, [](const auto& partition) {
      return is_moved_coordinator(partition.error_code);
    });
  });
}

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
  return group_topics<Topic, Partition>(
      commit.arena, std::span<const size_t>(items),
      [&](size_t at) { return commit.split.items()[at].topic; },
      [&](Topic& topic, size_t t) { topic.name = commit.request.topics[t].name; },
      [&](Partition& partition, size_t at) {
        const CommitSplit::Item& item = commit.split.items()[at];
        partition = commit.request.topics[item.topic].partitions[item.index];
        partition.partition_index = item.place.partition.value();
        partition.committed_offset = item.broker_offset;
        if (!is_shadow) return;
        const CommitNote note = {.leader_epoch = partition.committed_leader_epoch,
                                 .metadata = partition.committed_metadata};
        partition.committed_metadata = pack_commit_note(note, commit.notes.emplace_back());
        partition.committed_leader_epoch = -1;
      });
}

// Puts an answer, or the lack of one, to the items of one group.
void take(Commit& commit, const std::vector<size_t>& items, const Answer& answer) {
  std::map<std::pair<std::string_view, int32_t>, ErrorCode> codes;
  if (answer) {
    for (const auto& topic : answer->message.topics) {
      for (const auto& partition : topic.partitions) {
        codes[{topic.name, partition.partition_index}] = proto::error_code(partition.error_code);
      }
    }
  }
  for (const size_t at : items) {
    CommitSplit::Item& item = commit.split.item(at);
    const std::string_view name = commit.request.topics[item.topic].name;
    const auto found = codes.find({name, item.place.partition.value()});
    item.error = found == codes.end() ? ErrorCode::kCoordinatorNotAvailable : found->second;
  }
}

bool has_error(const Commit& commit) {
  return std::ranges::any_of(commit.split.items(),
                             [](const auto& item) { return item.error != ErrorCode{}; });
}

io::Task<void> commit_main(Session& session, Commit& commit) {
  const std::vector<size_t>& items = commit.split.by_group().at(GroupIndex(0));
  TxnOffsetCommitRequest upstream = commit.request;
  upstream.topics = topics_of(commit, items, false);
  const Answer answer = co_await ask_coordinator(session, std::string(upstream.group_id), upstream,
                                                 commit.version, has_moved, commit.deadline);
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
      co_await ask_coordinators(session, questions, commit.version, has_moved, commit.deadline);
  for (size_t i = 0; i < answers.size(); ++i) {
    take(commit, *parts[i], answers[i]);
    session.context.stats.shadow_commits += parts[i]->size();
  }
}

void respond(Session& session, rpc::Request& request, const Commit& commit) {
  Arena arena;
  const auto& asked = commit.request.topics;
  const auto topics =
      arena.array<TxnOffsetCommitResponse::TxnOffsetCommitResponseTopic>(asked.size());
  const auto partitions = arena.array<TxnOffsetCommitResponse::TxnOffsetCommitResponsePartition>(
      commit.split.items().size());
  size_t at = 0;
  for (size_t t = 0; t < asked.size(); ++t) {
    const size_t first = at;
    for (size_t i = 0; i < asked[t].partitions.size(); ++i, ++at) {
      partitions[at].partition_index = commit.split.items()[at].client_partition;
      partitions[at].error_code = proto::to_number(commit.split.items()[at].error);
      count_error(session, request.api_key, partitions[at].error_code);
    }
    topics[t].name = asked[t].name;
    topics[t].partitions = partitions.subspan(first, at - first);
  }
  TxnOffsetCommitResponse response;
  response.topics = topics;
  rpc::respond(request, response);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<TxnOffsetCommitRequest>(request));
  const TxnOffsetCommitRequest& message = decoded.message;
  Commit commit{message, request.version, session.context.request_deadline()};
  const ResolvedTopics topics =
      co_await session.resolve(Operation::kRead, refs_by_name(message.topics, &Topic::name),
                               ErrorCode::kCoordinatorNotAvailable, commit.deadline);
  for (size_t t = 0; t < message.topics.size(); ++t) {
    const auto& partitions = message.topics[t].partitions;
    for (size_t i = 0; i < partitions.size(); ++i) {
      commit.split.add(t, i, topics.topics[t], partitions[i].partition_index,
                       partitions[i].committed_offset);
    }
  }
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
