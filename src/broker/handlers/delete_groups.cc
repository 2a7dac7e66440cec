// DeleteGroups: groups without members, with their offsets.

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/delete_groups_request.h"
#include "proto/messages/delete_groups_response.h"

namespace odradek::broker {
namespace {

using Request = proto::DeleteGroupsRequest;
using Response = proto::DeleteGroupsResponse;

void delete_groups(const Call<Request>& call, Response& response) {
  const auto& ids = call.message.groups_names;
  response.results = call.arena.array<Response::DeletableGroupResult>(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    response.results[i].group_id = ids[i];
    const bool allowed = may_group(call, AclOperation::kDelete, ids[i]);
    response.results[i].error_code =
        proto::to_number(allowed ? call.node.groups().groups().remove(ids[i])
                                 : proto::ErrorCode::kGroupAuthorizationFailed);
  }
}

}  // namespace

constinit const HandlerInfo kDeleteGroupsApi{proto::ApiKey::kDeleteGroups, 0, 2,
                                             answer<Request, delete_groups>};

}  // namespace odradek::broker
