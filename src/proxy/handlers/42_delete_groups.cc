#include "proxy/handlers/42_delete_groups.h"

#include <algorithm>

#include "proto/messages/delete_groups_request.h"
#include "proto/messages/delete_groups_response.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

using proto::DeleteGroupsRequest;
using proto::DeleteGroupsResponse;
using proto::ErrorCode;
using Deleted = DeleteGroupsResponse::DeletableGroupResult;

bool has_moved(const DeleteGroupsResponse& response) {
  return std::ranges::any_of(
      response.results, [](const auto& result) { return is_moved_coordinator(result.error_code); });
}

// Deletes groups by name; the code of each.
io::Task<std::vector<ErrorCode>> delete_all(Session& session, std::vector<std::string> names,
                                            MonotonicTime deadline) {
  std::vector<GroupQuestion<DeleteGroupsRequest>> questions;
  std::vector<std::string_view> views(names.begin(), names.end());
  for (size_t i = 0; i < names.size(); ++i) {
    auto& question = questions.emplace_back();
    question.group = names[i];
    question.request.groups_names = std::span(views).subspan(i, 1);
  }
  const auto answers = co_await ask_coordinators(session, questions, 2, has_moved, deadline);
  std::vector<ErrorCode> codes;
  for (const auto& answer : answers) {
    const bool is_answered = answer && !answer->message.results.empty();
    codes.push_back(is_answered ? proto::error_code(answer->message.results[0].error_code)
                                : ErrorCode::kCoordinatorNotAvailable);
  }
  co_return codes;
}

io::Task<ErrorCode> delete_group(Session& session, std::string name, MonotonicTime deadline) {
  const ShadowGroups& shadows = session.context.shadows;
  const ErrorCode refusal = session.group_refusal(Operation::kDelete, name);
  if (refusal != ErrorCode{}) co_return refusal;
  std::vector<std::string> main(1, name);
  const std::vector<ErrorCode> first = co_await delete_all(session, std::move(main), deadline);
  const bool is_gone = first[0] == ErrorCode{} || first[0] == ErrorCode::kGroupIdNotFound;
  if (!is_gone || session.is_closed) co_return first[0];
  std::vector<std::string> names;
  for (int32_t index = 1; index < session.context.registry().groups_max(); ++index) {
    names.push_back(shadows.name(name, GroupIndex(index)));
  }
  const std::vector<ErrorCode> rest = co_await delete_all(session, std::move(names), deadline);
  // Offsets may be in shadows only: then the group did exist.
  ErrorCode outcome = first[0];
  for (const ErrorCode code : rest) {
    if (code == ErrorCode::kGroupIdNotFound) continue;
    if (code == ErrorCode{} && outcome != ErrorCode::kGroupIdNotFound) continue;
    outcome = code;
  }
  co_return outcome;
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<DeleteGroupsRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  Arena arena;
  const auto results = arena.array<Deleted>(decoded->groups_names.size());
  for (size_t i = 0; i < results.size(); ++i) {
    std::string name(decoded->groups_names[i]);
    const ErrorCode code = co_await delete_group(session, std::move(name), deadline);
    if (session.is_closed) co_return Errc::kClosed;
    results[i].group_id = decoded->groups_names[i];
    results[i].error_code = proto::to_number(code);
    count_error(session, request.api_key, results[i].error_code);
  }
  DeleteGroupsResponse response;
  response.results = results;
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler delete_groups_handler() {
  return {.key = proto::ApiKey::kDeleteGroups,
          .min_version = 0,
          .max_version = 2,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
