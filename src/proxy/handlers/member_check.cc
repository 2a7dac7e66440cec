#include "proxy/handlers/member_check.h"

#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"
#include "proto/messages/heartbeat_request.h"
#include "proto/messages/heartbeat_response.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {

using proto::DescribeGroupsRequest;
using proto::ErrorCode;
using proto::HeartbeatRequest;

io::Task<ErrorCode> check_empty(Session& session, std::string group, ErrorCode when_active,
                                MonotonicTime deadline) {
  std::string_view groups[] = {group};
  DescribeGroupsRequest request;
  request.groups = groups;
  const auto has_moved = [](const proto::DescribeGroupsResponse& response) {
    return !response.groups.empty() && is_moved_coordinator(response.groups[0].error_code);
  };
  const auto answer = co_await ask_coordinator(session, group, request, 6, has_moved, deadline);
  if (!answer || answer->message.groups.empty()) co_return ErrorCode::kCoordinatorNotAvailable;
  const auto& described = answer->message.groups[0];
  const ErrorCode code = proto::error_code(described.error_code);
  if (code == ErrorCode::kGroupIdNotFound) co_return ErrorCode{};
  if (code != ErrorCode{}) co_return code;
  const bool is_empty = described.group_state == "Empty" || described.group_state == "Dead";
  co_return is_empty ? ErrorCode{} : when_active;
}

io::Task<ErrorCode> check_member(Session& session, CommittingMember member,
                                 MonotonicTime deadline) {
  if (member.generation < 0 && member.member_id.empty()) {
    co_return co_await check_empty(session, member.group, ErrorCode::kUnknownMemberId, deadline);
  }
  HeartbeatRequest request;
  request.group_id = member.group;
  request.generation_id = member.generation;
  request.member_id = member.member_id;
  request.group_instance_id = member.instance_id;
  const auto has_moved = [](const proto::HeartbeatResponse& response) {
    return is_moved_coordinator(response.error_code);
  };
  const auto answer =
      co_await ask_coordinator(session, member.group, request, 4, has_moved, deadline);
  if (!answer) co_return ErrorCode::kCoordinatorNotAvailable;
  const ErrorCode code = proto::error_code(answer->message.error_code);
  // A member may commit while the group rebalances.
  co_return code == ErrorCode::kRebalanceInProgress ? ErrorCode{} : code;
}

}  // namespace odradek::proxy
