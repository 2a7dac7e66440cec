// CreateAcls: adds access control entries, each for itself. Source: AclApis, AclControlManager.

#include "base/log.h"
#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/create_acls_request.h"
#include "proto/messages/create_acls_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::CreateAclsRequest;
using Response = proto::CreateAclsResponse;

ApiError create(Security& security, const Request::AclCreation& asked) {
  Acl acl;
  acl.resource_type = resource_type_of(asked.resource_type);
  acl.resource_name = asked.resource_name;
  acl.pattern_type = pattern_type_of(asked.resource_pattern_type);
  acl.principal = asked.principal;
  acl.host = asked.host;
  acl.operation = acl_operation_of(asked.operation);
  acl.permission = acl_permission_of(asked.permission_type);
  std::string fault = acl_fault(acl);
  if (!fault.empty()) return {ErrorCode::kInvalidRequest, std::move(fault)};
  if (security.acls().contains(acl)) return {};
  if (security.acls().is_full()) {
    return {ErrorCode::kPolicyViolation, "there are too many access control entries"};
  }
  ODK_LOG(info, "acl created", kv("principal", acl.principal), kv("resource", acl.resource_name));
  security.acls().put(Uuid::random(), std::move(acl));
  return {};
}

void create_acls(const Call<Request>& call, Response& response) {
  const auto& asked = call.message.creations;
  ApiError for_all;
  if (!may_cluster(call, AclOperation::kAlter)) {
    for_all = {ErrorCode::kClusterAuthorizationFailed, std::string(kNotForYou)};
  } else if (!call.node.security().authorizer().enabled()) {
    for_all = {ErrorCode::kSecurityDisabled, "No Authorizer is configured."};
  }
  response.results = call.arena.array<Response::AclCreationResult>(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    const ApiError error = for_all.ok() ? create(call.node.security(), asked[i]) : for_all;
    response.results[i].error_code = proto::to_number(error.code);
    response.results[i].error_message =
        error.ok() ? std::string_view() : call.arena.copy(error.message);
  }
}

}  // namespace

constinit const HandlerInfo kCreateAclsApi{proto::ApiKey::kCreateAcls, 1, 3,
                                           answer<Request, create_acls>};

}  // namespace odradek::broker
