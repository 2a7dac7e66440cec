// JoinGroup: answered when the group's generation is complete.

#include <chrono>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/handlers/client_host.h"
#include "proto/messages/join_group_request.h"
#include "proto/messages/join_group_response.h"

namespace odradek::broker {
namespace {

using Request = proto::JoinGroupRequest;

constexpr int16_t kMemberIdRequiredFrom = 4;
constexpr int16_t kSkipAssignmentFrom = 9;
constexpr int16_t kNullProtocolFrom = 7;

void join_group(Node& node, rpc::Request request) {
  std::optional<rpc::Decoded<Request>> decoded = decode_or_close<Request>(request);
  if (!decoded) return;
  const Request& message = decoded->message;
  if (!is_allowed(node, request, AclOperation::kRead, ResourceType::kGroup, message.group_id)) {
    proto::JoinGroupResponse response;
    response.error_code = proto::to_number(proto::ErrorCode::kGroupAuthorizationFailed);
    response.generation_id = -1;
    response.protocol_name = "";
    if (request.version >= kNullProtocolFrom) response.protocol_name = {};
    response.leader = "";
    response.member_id = "";
    response.members = proto::empty_array<proto::JoinGroupResponse::JoinGroupResponseMember>();
    return rpc::respond(request, response);
  }
  std::vector<ProtocolView> protocols;
  protocols.reserve(message.protocols.size());
  for (const auto& protocol : message.protocols) {
    protocols.push_back({protocol.name, protocol.metadata});
  }
  const std::string host = client_host(*request.connection);
  JoinInput input;
  input.group_id = message.group_id;
  input.member_id = message.member_id;
  input.instance_id = message.group_instance_id;
  input.client_id = request.client_id;
  input.client_host = host;
  input.protocol_type = message.protocol_type;
  input.protocols = protocols;
  input.session_timeout = std::chrono::milliseconds(message.session_timeout_ms);
  input.rebalance_timeout = std::chrono::milliseconds(
      request.version == 0 ? message.session_timeout_ms : message.rebalance_timeout_ms);
  input.reason = message.reason;
  input.member_id_required = request.version >= kMemberIdRequiredFrom;
  input.can_skip_assignment = request.version >= kSkipAssignmentFrom;
  node.groups().join(std::move(request), input);
}

}  // namespace

constinit const HandlerInfo kJoinGroupApi{proto::ApiKey::kJoinGroup, 0, 9, join_group};

}  // namespace odradek::broker
