// Heartbeat: keeps a member's session alive, and tells it of rebalances.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/heartbeat_request.h"
#include "proto/messages/heartbeat_response.h"

namespace odradek::broker {
namespace {

using Request = proto::HeartbeatRequest;

void heartbeat(const Call<Request>& call, proto::HeartbeatResponse& response) {
  if (!may_group(call, AclOperation::kRead, call.message.group_id)) {
    response.error_code = proto::to_number(proto::ErrorCode::kGroupAuthorizationFailed);
    return;
  }
  MemberRef member;
  member.group_id = call.message.group_id;
  member.member_id = call.message.member_id;
  member.instance_id = call.message.group_instance_id;
  member.generation = call.message.generation_id;
  response.error_code = proto::to_number(call.node.groups().heartbeat(member));
}

}  // namespace

constinit const HandlerInfo kHeartbeatApi{proto::ApiKey::kHeartbeat, 0, 4,
                                          answer<Request, heartbeat>};

}  // namespace odradek::broker
