#include "proxy/handlers/15_describe_groups.h"

#include <algorithm>

#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace {

using proto::DescribeGroupsRequest;
using proto::DescribeGroupsResponse;
using proto::ErrorCode;

bool has_moved(const DescribeGroupsResponse& response) {
  return std::ranges::any_of(
      response.groups, [](const auto& group) { return is_moved_coordinator(group.error_code); });
}

io::Task<Result<void>> run(Session& session, rpc::Request& request) {
  ODK_CO_TRY(const auto decoded, rpc::decode_request<DescribeGroupsRequest>(request));
  const MonotonicTime deadline = session.context.request_deadline();
  Arena arena;
  const auto groups = arena.array<DescribeGroupsResponse::DescribedGroup>(decoded->groups.size());
  std::vector<GroupQuestion<DescribeGroupsRequest>> questions;
  std::vector<size_t> asked;
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i].group_id = decoded->groups[i];
    const ErrorCode refusal = session.group_refusal(Operation::kDescribe, decoded->groups[i]);
    groups[i].error_code = proto::to_number(refusal);
    if (refusal != ErrorCode{}) continue;
    auto& question = questions.emplace_back();
    question.group = std::string(decoded->groups[i]);
    question.request = decoded.message;
    question.request.groups = decoded->groups.subspan(i, 1);
    asked.push_back(i);
  }
  const auto answers =
      co_await ask_coordinators(session, questions, request.version, has_moved, deadline);
  if (session.is_closed) co_return Errc::kClosed;
  for (size_t n = 0; n < answers.size(); ++n) {
    auto& group = groups[asked[n]];
    if (answers[n] && !answers[n]->message.groups.empty()) {
      group = answers[n]->message.groups[0];
    } else {
      group.error_code = proto::to_number(ErrorCode::kCoordinatorNotAvailable);
    }
  }
  for (const auto& group : groups) count_error(session, request.api_key, group.error_code);
  DescribeGroupsResponse response;
  response.groups = groups;
  rpc::respond(request, response);
  co_return Result<void>{};
}

}  // namespace

Handler describe_groups_handler() {
  return {.key = proto::ApiKey::kDescribeGroups,
          .min_version = 0,
          .max_version = 6,
          .needs_broker = true,
          .run = run};
}

}  // namespace odradek::proxy
