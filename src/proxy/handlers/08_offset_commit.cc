#include "proxy/handlers/08_offset_commit.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"
#include "proxy/handlers/leaders.h"
#include "proxy/handlers/member_check.h"
#include "proxy/handlers/offset_parts.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::OffsetCommitRequest;
using proto::OffsetCommitResponse;
using Topic = OffsetCommitRequest::OffsetCommitRequestTopic;
using Partition = OffsetCommitRequest::OffsetCommitRequestPartition;

constexpr int16_t kShadowVersion = 4;  // the last one with a retention time
constexpr int16_t kVersionMax = 9;

// Errors of the whole group, which a broker repeats for every partition.
bool is_group_error(int16_t number) {
  switch (proto::error_code(number)) {
    case ErrorCode::kCoordinatorLoadInProgress:
    case ErrorCode::kCoordinatorNotAvailable:
    case ErrorCode::kNotCoordinator:
    case ErrorCode::kIllegalGeneration:
    case ErrorCode::kInvalidGroupId:
    case ErrorCode::kUnknownMemberId:
    case ErrorCode::kRebalanceInProgress:
    case ErrorCode::kGroupAuthorizationFailed:
    case ErrorCode::kGroupIdNotFound:
    case ErrorCode::kFencedInstanceId:
    case ErrorCode::kStaleMemberEpoch:
    case ErrorCode::kUnsupportedVersion: return true;
    default: return false;
  }
}

// One commit under way.
struct Commit {
  const OffsetCommitRequest& request;
  CommitSplit split;
  Arena arena;
  std::deque<std::string> notes;  // packed metadata, viewed by the requests
};

std::span<Topic> topics_of(Commit& commit, const std::vector<size_t>& items, bool is_shadow) {
  return committed_topics<Topic, Partition>(commit.request, commit.split, items, is_shadow,
                                            commit.arena, commit.notes);
}

void take(Commit& commit, const std::vector<size_t>& items,
          const GroupAnswer<OffsetCommitRequest>& answer) {
  take_codes(commit.request, items, answer, ErrorCode::kCoordinatorNotAvailable, commit.split);
}

io::Task<Result<void>> commit_main(Session& session, Commit& commit, int16_t version,
                                   MonotonicTime deadline) {
  const std::vector<size_t>& items = commit.split.by_group().at(GroupIndex(0));
  OffsetCommitRequest upstream = commit.request;
  upstream.topics = topics_of(commit, items, false);
  const auto answer =
      co_await ask_coordinator(session, std::string(upstream.group_id), upstream, version,
                               names_moved_coordinator<OffsetCommitResponse>, deadline);
  if (session.is_closed) co_return Errc::kClosed;
  take(commit, items, answer);
  for (const size_t at : items) {
    const ErrorCode code = commit.split.items()[at].error;
    if (!is_group_error(proto::to_number(code))) continue;
    commit.split.fail_all(code);
    break;
  }
  co_return Result<void>{};
}

io::Task<Result<void>> commit_shadows(Session& session, Commit& commit, MonotonicTime deadline) {
  std::vector<GroupQuestion<OffsetCommitRequest>> questions;
  std::vector<const std::vector<size_t>*> parts;
  for (const auto& [group, items] : commit.split.by_group()) {
    if (group == GroupIndex(0)) continue;
    auto& question = questions.emplace_back();
    question.group = session.context.shadows.name(commit.request.group_id, group);
    question.request.member_id = "";
    question.request.retention_time_ms = kShadowRetentionMs;
    question.request.topics = topics_of(commit, items, true);
    parts.push_back(&items);
  }
  for (auto& question : questions) question.request.group_id = question.group;
  const auto answers = co_await ask_coordinators(
      session, questions, kShadowVersion, names_moved_coordinator<OffsetCommitResponse>, deadline);
  if (session.is_closed) co_return Errc::kClosed;
  for (size_t i = 0; i < answers.size(); ++i) {
    take(commit, *parts[i], answers[i]);
    session.context.stats.shadow_commits += parts[i]->size();
  }
  co_return Result<void>{};
}

void respond(Session& session, rpc::Request& request, const Commit& commit) {
  Arena arena;
  OffsetCommitResponse response;
  response.topics = answered_topics<OffsetCommitResponse::OffsetCommitResponseTopic,
                                    OffsetCommitResponse::OffsetCommitResponsePartition>(
      commit.request, commit.split, arena);
  for (const CommitSplit::Item& item : commit.split.items()) {
    count_error(session, request.api_key, proto::to_number(item.error));
  }
  rpc::respond(request, response);
}

io::Task<Result<void>> commit_all(Session& session, Commit& commit, int16_t version,
                                  MonotonicTime deadline) {
  const auto has_open = [&] {
    return std::ranges::any_of(commit.split.items(),
                               [](const auto& item) { return item.error == ErrorCode{}; });
  };
  if (commit.split.has_main()) {
    const Result<void> done = co_await commit_main(session, commit, version, deadline);
    if (!done) co_return done.error();
  } else if (commit.split.has_shadows()) {
    CommittingMember member = {.group = std::string(commit.request.group_id),
                               .generation = commit.request.generation_id_or_member_epoch,
                               .member_id = commit.request.member_id,
                               .instance_id = commit.request.group_instance_id};
    const ErrorCode code = co_await check_member(session, std::move(member), deadline);
    if (session.is_closed) co_return Errc::kClosed;
    if (code != ErrorCode{}) commit.split.fail_all(code);
  }
  if (!commit.split.has_shadows() || !has_open()) co_return Result<void>{};
  co_return co_await commit_shadows(session, commit, deadline);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<OffsetCommitRequest>(request));
  const OffsetCommitRequest& message = decoded.message;
  const MonotonicTime deadline = session.context.request_deadline();
  const ResolvedTopics topics =
      co_await session.resolve(Operation::kRead, refs_by_name(message.topics, &Topic::name),
                               ErrorCode::kCoordinatorNotAvailable, deadline);
  Commit commit{message, {}, Arena{}, {}};
  split_partitions(message, topics, commit.split,
                   [](const Partition& partition) { return partition.committed_offset; });
  const ErrorCode refusal = session.group_refusal(Operation::kRead, message.group_id);
  if (refusal != ErrorCode{}) {
    commit.split.fail_all(refusal);
  } else {
    const Result<void> done = co_await commit_all(session, commit, request.version, deadline);
    if (!done) co_return done.error();
  }
  respond(session, request, commit);
  co_return Result<void>{};
}

}  // namespace

Handler offset_commit_handler() {
  return {.key = proto::ApiKey::kOffsetCommit,
          .min_version = 2,
          .max_version = kVersionMax,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
