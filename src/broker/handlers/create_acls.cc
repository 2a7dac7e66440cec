// CreateAcls: adds access control entries, each for itself. Source: AclApis, AclControlManager.

#include <set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/security/security_records.h"
#include "proto/messages/create_acls_request.h"
#include "proto/messages/create_acls_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::CreateAclsRequest;
using Response = proto::CreateAclsResponse;

// What a request adds, once all of it is looked at.
struct Additions {
  std::vector<std::pair<Uuid, Acl>> acls;
  std::set<Acl> seen;
};

ApiError read(const AclStore& known, const Request::AclCreation& asked, Additions& additions) {
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
  if (known.contains(acl) || !additions.seen.insert(acl).second) return {};
  if (known.size() + additions.acls.size() >= AclStore::kAclsMax) {
    return {ErrorCode::kPolicyViolation, "there are too many access control entries"};
  }
  additions.acls.emplace_back(Uuid::random(), std::move(acl));
  return {};
}

// All or none of what may be added.
ApiError add(Node& node, Additions& additions) {
  MetadataBatch batch;
  for (const auto& [id, acl] : additions.acls) batch.add(record_of(id, acl));
  ApiError error = node.commit(batch);
  if (!error.ok()) return error;
  for (auto& [id, acl] : additions.acls) {
    ODK_LOG(info, "acl created", kv("principal", acl.principal), kv("resource", acl.resource_name));
    node.security().acls().put(id, std::move(acl));
  }
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
  Additions additions;
  std::vector<ApiError> errors(asked.size(), for_all);
  for (size_t i = 0; for_all.ok() && i < asked.size(); ++i) {
    errors[i] = read(call.node.security().acls(), asked[i], additions);
  }
  const ApiError written = add(call.node, additions);
  response.results = call.arena.array<Response::AclCreationResult>(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    const ApiError& error = errors[i].ok() ? written : errors[i];
    response.results[i].error_code = proto::to_number(error.code);
    response.results[i].error_message =
        error.ok() ? std::string_view("") : call.arena.copy(error.message);
  }
}

}  // namespace

constinit const HandlerInfo kCreateAclsApi{proto::ApiKey::kCreateAcls, 1, 3,
                                           answer<Request, create_acls>};

}  // namespace odradek::broker
