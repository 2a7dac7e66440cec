// DescribeAcls: the access control entries a filter means. Source: KIP-140, KIP-290; AclApis.

#include <algorithm>
#include <map>
#include <vector>

#include "broker/handlers/acl_filter.h"
#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/describe_acls_request.h"
#include "proto/messages/describe_acls_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DescribeAclsRequest;
using Response = proto::DescribeAclsResponse;
using Resource = Response::DescribeAclsResource;

void refuse(ErrorCode error, std::string_view message, Response& response) {
  response.error_code = proto::to_number(error);
  response.error_message = message;
  response.resources = proto::empty_array<Resource>();
}

void fill(const std::vector<const Acl*>& acls, Arena& arena, Resource& resource) {
  resource.resource_type = static_cast<int8_t>(acls.front()->resource_type);
  resource.resource_name = acls.front()->resource_name;
  resource.pattern_type = static_cast<int8_t>(acls.front()->pattern_type);
  resource.acls = arena.array<Response::AclDescription>(acls.size());
  for (size_t i = 0; i < acls.size(); ++i) {
    Response::AclDescription& each = resource.acls[i];
    each.principal = acls[i]->principal;
    each.host = acls[i]->host;
    each.operation = static_cast<int8_t>(acls[i]->operation);
    each.permission_type = static_cast<int8_t>(acls[i]->permission);
  }
}

void describe_acls(const Call<Request>& call, Response& response) {
  response.error_message = "";
  const Security& security = call.node.security();
  if (!may_cluster(call, AclOperation::kDescribe)) {
    return refuse(ErrorCode::kClusterAuthorizationFailed, kNotForYou, response);
  }
  if (!security.authorizer().enabled()) {
    return refuse(ErrorCode::kSecurityDisabled, "No Authorizer is configured on the broker",
                  response);
  }
  const AclFilter filter = acl_filter(call.message);
  if (filter.is_unknown()) {
    return refuse(ErrorCode::kInvalidRequest, "the filter has unknown elements", response);
  }
  std::map<std::tuple<ResourceType, PatternType, std::string_view>, std::vector<const Acl*>> found;
  for (const Uuid& id : security.acls().find(filter)) {
    const Acl& acl = security.acls().at(id);
    found[{acl.resource_type, acl.pattern_type, acl.resource_name}].push_back(&acl);
  }
  response.resources = call.arena.array<Resource>(found.size());
  size_t next = 0;
  for (const auto& [key, acls] : found) fill(acls, call.arena, response.resources[next++]);
}

}  // namespace

constinit const HandlerInfo kDescribeAclsApi{proto::ApiKey::kDescribeAcls, 1, 3,
                                             answer<Request, describe_acls>};

}  // namespace odradek::broker
