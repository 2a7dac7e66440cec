// DeleteAcls: removes the entries each filter means, and tells them. Source: AclApis.

#include <set>
#include <vector>

#include "base/log.h"
#include "broker/handlers/acl_filter.h"
#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/security/security_records.h"
#include "proto/messages/delete_acls_request.h"
#include "proto/messages/delete_acls_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DeleteAclsRequest;
using Response = proto::DeleteAclsResponse;

void tell(const Acl& acl, Arena& arena, Response::DeleteAclsMatchingAcl& answer) {
  answer.error_message = {};
  answer.resource_type = static_cast<int8_t>(acl.resource_type);
  answer.resource_name = arena.copy(acl.resource_name);
  answer.pattern_type = static_cast<int8_t>(acl.pattern_type);
  answer.principal = arena.copy(acl.principal);
  answer.host = arena.copy(acl.host);
  answer.operation = static_cast<int8_t>(acl.operation);
  answer.permission_type = static_cast<int8_t>(acl.permission);
}

void refuse(const ApiError& error, Arena& arena, Response::DeleteAclsFilterResult& answer) {
  answer.error_code = proto::to_number(error.code);
  answer.error_message = arena.copy(error.message);
  answer.matching_acls = proto::empty_array<Response::DeleteAclsMatchingAcl>();
}

// An entry that two filters mean is in the answers of both.
void tell_found(const Call<Request>& call, const AclFilter& filter, std::set<Uuid>& doomed,
                Response::DeleteAclsFilterResult& answer) {
  const AclStore& acls = call.node.security().acls();
  const std::vector<Uuid> found = acls.find(filter);
  doomed.insert(found.begin(), found.end());
  answer.error_message = {};
  answer.matching_acls = call.arena.array<Response::DeleteAclsMatchingAcl>(found.size());
  for (size_t i = 0; i < found.size(); ++i) {
    tell(acls.at(found[i]), call.arena, answer.matching_acls[i]);
  }
}

ApiError remove(Node& node, const std::set<Uuid>& doomed) {
  MetadataBatch batch;
  for (const Uuid& id : doomed) batch.add(removal_of(id));
  ApiError error = node.commit(batch);
  if (!error.ok()) return error;
  AclStore& acls = node.security().acls();
  for (const Uuid& id : doomed) acls.erase(id);
  ODK_LOG(info, "acls deleted", kv("deleted", doomed.size()), kv("left", acls.size()));
  return {};
}

void delete_acls(const Call<Request>& call, Response& response) {
  const auto& asked = call.message.filters;
  ApiError for_all;
  if (!may_cluster(call, AclOperation::kAlter)) {
    for_all = {ErrorCode::kClusterAuthorizationFailed, std::string(kNotForYou)};
  } else if (!call.node.security().authorizer().enabled()) {
    for_all = {ErrorCode::kSecurityDisabled, "No Authorizer is configured."};
  }
  response.filter_results = call.arena.array<Response::DeleteAclsFilterResult>(asked.size());
  std::set<Uuid> doomed;
  for (size_t i = 0; i < asked.size(); ++i) {
    const AclFilter filter = acl_filter(asked[i]);
    ApiError error = for_all;
    if (error.ok() && filter.is_unknown()) {
      error = {ErrorCode::kInvalidRequest, "the filter has unknown elements"};
    }
    auto& answer = response.filter_results[i];
    if (error.ok()) {
      tell_found(call, filter, doomed, answer);
    } else {
      refuse(error, call.arena, answer);
    }
  }
  const ApiError written = remove(call.node, doomed);
  if (written.ok()) return;
  for (auto& answer : response.filter_results) {
    if (answer.error_code == 0) refuse(written, call.arena, answer);
  }
}

}  // namespace

constinit const HandlerInfo kDeleteAclsApi{proto::ApiKey::kDeleteAcls, 1, 3,
                                           answer<Request, delete_acls>};

}  // namespace odradek::broker
