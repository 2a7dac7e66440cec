// LeaveGroup: one member up to v2, several from v3 on (KIP-345).

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/leave_group_request.h"
#include "proto/messages/leave_group_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::LeaveGroupRequest;
using Response = proto::LeaveGroupResponse;

constexpr int16_t kManyMembersFrom = 3;

void leave_group(const Call<Request>& call, Response& response) {
  if (!may_group(call, AclOperation::kRead, call.message.group_id)) {
    response.error_code = proto::to_number(ErrorCode::kGroupAuthorizationFailed);
    response.members = proto::empty_array<Response::MemberResponse>();
    return;
  }
  std::vector<LeavingMember> members;
  if (call.version() < kManyMembersFrom) {
    members.push_back({call.message.member_id, {}, ErrorCode::kNone});
  } else {
    for (const auto& member : call.message.members) {
      members.push_back({member.member_id, member.group_instance_id, ErrorCode::kNone});
    }
  }
  const ErrorCode error = call.node.groups().leave(call.message.group_id, members);
  response.error_code = proto::to_number(error);
  response.members = proto::empty_array<Response::MemberResponse>();
  if (call.version() < kManyMembersFrom) {
    if (error == ErrorCode::kNone) response.error_code = proto::to_number(members[0].error);
    return;
  }
  if (error != ErrorCode::kNone) return;
  response.members = call.arena.array<Response::MemberResponse>(members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    response.members[i].member_id = members[i].member_id;
    response.members[i].group_instance_id = members[i].instance_id;
    response.members[i].error_code = proto::to_number(members[i].error);
  }
}

}  // namespace

constinit const HandlerInfo kLeaveGroupApi{proto::ApiKey::kLeaveGroup, 0, 5,
                                           answer<Request, leave_group>};

}  // namespace odradek::broker
