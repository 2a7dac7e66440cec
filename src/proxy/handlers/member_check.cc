#include "proxy/handlers/member_check.h"

#include "proto/messages/consumer_group_describe_request.h"
#include "proto/messages/consumer_group_describe_response.h"
#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"
#include "proto/messages/heartbeat_request.h"
#include "proto/messages/heartbeat_response.h"
#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {

using proto::DescribeGroupsRequest;
using proto::ErrorCode;
using proto::HeartbeatRequest;

namespace {

using DescribedGroup = proto::ConsumerGroupDescribeResponse::DescribedGroup;

// What a commit gets in a group whose partitions the broker assigns (KIP-848). Errors as of
// ConsumerGroup.validateOffsetCommit.
ErrorCode judge(const DescribedGroup& group, const CommittingMember& member) {
  const ErrorCode code = proto::error_code(group.error_code);
  if (code == ErrorCode::kGroupIdNotFound) return ErrorCode::kUnknownMemberId;
  if (code != ErrorCode{}) return code;
  for (const auto& known : group.members) {
    if (known.member_id != member.member_id) continue;
    const bool is_current = known.member_epoch == member.generation;
    return is_current ? ErrorCode{} : ErrorCode::kStaleMemberEpoch;
  }
  return ErrorCode::kUnknownMemberId;
}

// The group as of the new protocol; kGroupIdNotFound when it is none, kUnsupportedVersion when
// brokers do not know the protocol.
template <class Judge>
io::Task<ErrorCode> ask_kip848(Session& session, std::string group, Judge judge_group,
                               MonotonicTime deadline) {
  std::string_view groups[] = {group};
  proto::ConsumerGroupDescribeRequest request;
  request.group_ids = groups;
  const auto has_moved = [](const proto::ConsumerGroupDescribeResponse& response) {
    return !response.groups.empty() && is_moved_coordinator(response.groups[0].error_code);
  };
  const auto answer = co_await ask_coordinator(session, group, request, 1, has_moved, deadline);
  if (!answer && answer.error().code() == Errc::kUnsupported) {
    co_return ErrorCode::kUnsupportedVersion;
  }
  if (!answer || answer->message.groups.empty()) co_return ErrorCode::kCoordinatorNotAvailable;
  co_return judge_group(answer->message.groups[0]);
}

// A group the old protocol does not know may be one of the new.
io::Task<ErrorCode> check_empty_kip848(Session& session, std::string group, ErrorCode when_active,
                                       MonotonicTime deadline) {
  const auto judge_group = [when_active](const DescribedGroup& described) {
    const ErrorCode code = proto::error_code(described.error_code);
    if (code == ErrorCode::kGroupIdNotFound) return ErrorCode{};
    if (code != ErrorCode{}) return code;
    return described.group_state == "Empty" ? ErrorCode{} : when_active;
  };
  const ErrorCode code = co_await ask_kip848(session, std::move(group), judge_group, deadline);
  co_return code == ErrorCode::kUnsupportedVersion ? ErrorCode{} : code;
}

}  // namespace

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
  const bool is_unknown = code == ErrorCode::kGroupIdNotFound ||
                          (code == ErrorCode{} && described.group_state == "Dead");
  if (is_unknown) {
    co_return co_await check_empty_kip848(session, std::move(group), when_active, deadline);
  }
  if (code != ErrorCode{}) co_return code;
  co_return described.group_state == "Empty" ? ErrorCode{} : when_active;
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
  if (code == ErrorCode::kUnknownMemberId) {
    const auto judge_group = [&member](const DescribedGroup& group) {
      return judge(group, member);
    };
    const ErrorCode other = co_await ask_kip848(session, member.group, judge_group, deadline);
    co_return other == ErrorCode::kUnsupportedVersion ? code : other;
  }
  // A member may commit while the group rebalances.
  co_return code == ErrorCode::kRebalanceInProgress ? ErrorCode{} : code;
}

}  // namespace odradek::proxy
