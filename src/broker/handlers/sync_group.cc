// SyncGroup: answered when the leader has sent the assignments.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/sync_group_request.h"
#include "proto/messages/sync_group_response.h"

namespace odradek::broker {
namespace {

using Request = proto::SyncGroupRequest;

void sync_group(Node& node, rpc::Request request) {
  std::optional<rpc::Decoded<Request>> decoded = decode_or_close<Request>(request);
  if (!decoded) return;
  const Request& message = decoded->message;
  if (request.version >= 5 && (is_null(message.protocol_type) || is_null(message.protocol_name))) {
    proto::SyncGroupResponse response;
    response.error_code = proto::to_number(proto::ErrorCode::kInconsistentGroupProtocol);
    response.assignment = as_bytes("");
    return rpc::respond(request, response);
  }
  if (!is_allowed(node, request, AclOperation::kRead, ResourceType::kGroup, message.group_id)) {
    proto::SyncGroupResponse response;
    response.error_code = proto::to_number(proto::ErrorCode::kGroupAuthorizationFailed);
    response.assignment = as_bytes("");
    return rpc::respond(request, response);
  }
  std::vector<std::pair<std::string_view, Bytes>> assignments;
  assignments.reserve(message.assignments.size());
  for (const auto& each : message.assignments) {
    assignments.emplace_back(each.member_id, each.assignment);
  }
  SyncInput input;
  input.member.group_id = message.group_id;
  input.member.member_id = message.member_id;
  input.member.instance_id = message.group_instance_id;
  input.member.generation = message.generation_id;
  input.protocol_type = message.protocol_type;
  input.protocol_name = message.protocol_name;
  input.assignments = assignments;
  node.groups().sync(std::move(request), input);
}

}  // namespace

constinit const HandlerInfo kSyncGroupApi{proto::ApiKey::kSyncGroup, 0, 5, sync_group};

}  // namespace odradek::broker
