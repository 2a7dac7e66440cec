#include "proxy/handlers/47_offset_delete.h"

#include "proto/messages/offset_delete_request.h"
#include "proto/messages/offset_delete_response.h"
#include "proxy/handlers/leaders.h"
#include "proxy/handlers/member_check.h"
#include "proxy/handlers/offset_parts.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::OffsetDeleteRequest;
using proto::OffsetDeleteResponse;
using Topic = OffsetDeleteRequest::OffsetDeleteRequestTopic;
using Partition = OffsetDeleteRequest::OffsetDeleteRequestPartition;

bool has_moved(const OffsetDeleteResponse& response) {
  return is_moved_coordinator(response.error_code);
}

struct Deletion {
  const OffsetDeleteRequest& request;
  CommitSplit split;
  Arena arena;
  ErrorCode group_error{};
};

void take(Deletion& deletion, GroupIndex group, const std::vector<size_t>& items,
          const GroupAnswer<OffsetDeleteRequest>& answer) {
  ErrorCode whole =
      answer ? proto::error_code(answer->message.error_code) : ErrorCode::kCoordinatorNotAvailable;
  // A shadow that does not exist has nothing to delete.
  const bool is_absent = group != GroupIndex(0) && whole == ErrorCode::kGroupIdNotFound;
  if (is_absent) return;
  if (group == GroupIndex(0) && whole != ErrorCode{}) deletion.group_error = whole;
  take_codes(deletion.request, items, answer, whole, deletion.split);
}

std::span<Topic> topics_of(Deletion& deletion, const std::vector<size_t>& items) {
  return group_topics<Topic, Partition>(
      deletion.arena, std::span<const size_t>(items),
      [&](size_t at) { return deletion.split.items()[at].topic; },
      [&](Topic& topic, size_t t) { topic.name = deletion.request.topics[t].name; },
      [&](Partition& partition, size_t at) {
        partition.partition_index = deletion.split.items()[at].place.partition.value();
      });
}

io::Task<Result<void>> delete_offsets(Session& session, Deletion& deletion,
                                      MonotonicTime deadline) {
  const std::string group(deletion.request.group_id);
  if (deletion.split.has_shadows()) {
    const ErrorCode code =
        co_await check_empty(session, group, ErrorCode::kGroupSubscribedToTopic, deadline);
    if (session.is_closed) co_return Errc::kClosed;
    if (code != ErrorCode{}) deletion.split.fail_all(code);
    if (code != ErrorCode{}) co_return Result<void>{};
  }
  std::vector<GroupQuestion<OffsetDeleteRequest>> questions;
  std::vector<GroupIndex> indexes;
  for (const auto& [index, items] : deletion.split.by_group()) {
    auto& question = questions.emplace_back();
    question.group = session.context.shadows.name(group, index);
    question.request.topics = topics_of(deletion, items);
    indexes.push_back(index);
  }
  for (auto& question : questions) question.request.group_id = question.group;
  const auto answers = co_await ask_coordinators(session, questions, 0, has_moved, deadline);
  if (session.is_closed) co_return Errc::kClosed;
  for (size_t i = 0; i < answers.size(); ++i) {
    take(deletion, indexes[i], deletion.split.by_group().at(indexes[i]), answers[i]);
  }
  co_return Result<void>{};
}

void respond(Session& session, rpc::Request& request, const Deletion& deletion) {
  Arena arena;
  OffsetDeleteResponse response;
  response.error_code = proto::to_number(deletion.group_error);
  count_error(session, request.api_key, response.error_code);
  if (deletion.group_error == ErrorCode{}) {
    response.topics = answered_topics<OffsetDeleteResponse::OffsetDeleteResponseTopic,
                                      OffsetDeleteResponse::OffsetDeleteResponsePartition>(
        deletion.request, deletion.split, arena);
  }
  rpc::respond(request, response);
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<OffsetDeleteRequest>(request));
  const OffsetDeleteRequest& message = decoded.message;
  const MonotonicTime deadline = session.context.request_deadline();
  const ResolvedTopics topics =
      co_await session.resolve(Operation::kRead, refs_by_name(message.topics, &Topic::name),
                               ErrorCode::kCoordinatorNotAvailable, deadline);
  Deletion deletion{message, {}, Arena{}, {}};
  split_partitions(message, topics, deletion.split, [](const Partition&) { return -1; });
  const ErrorCode refusal = session.group_refusal(Operation::kDelete, message.group_id);
  if (refusal != ErrorCode{}) {
    deletion.group_error = refusal;
  } else {
    const Result<void> done = co_await delete_offsets(session, deletion, deadline);
    if (!done) co_return done.error();
  }
  respond(session, request, deletion);
  co_return Result<void>{};
}

}  // namespace

Handler offset_delete_handler() {
  return {.key = proto::ApiKey::kOffsetDelete,
          .min_version = 0,
          .max_version = 0,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
