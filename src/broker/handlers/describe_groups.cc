// DescribeGroups: state and members of classic groups.

#include <fmt/format.h>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::DescribeGroupsRequest;
using Response = proto::DescribeGroupsResponse;

constexpr int16_t kNamesMissingGroupsFrom = 6;

void describe_members(const ClassicGroup& group, Arena& arena, Response::DescribedGroup& answer) {
  const bool stable = group.state() == GroupState::kStable;
  answer.members = arena.array<Response::DescribedGroupMember>(group.members().size());
  size_t next = 0;
  for (const auto& [id, member] : group.members()) {
    Response::DescribedGroupMember& each = answer.members[next++];
    each.member_id = id;
    if (member.instance_id) each.group_instance_id = *member.instance_id;
    each.client_id = member.client_id;
    each.client_host = member.client_host;
    each.member_metadata = as_bytes("");
    if (stable) each.member_metadata = as_bytes(member.metadata(*group.protocol_name()));
    each.member_assignment = as_bytes(member.assignment);
  }
}

void describe(const Call<Request>& call, std::string_view id, Response::DescribedGroup& answer) {
  answer.group_id = id;
  answer.protocol_type = "";
  answer.protocol_data = "";
  answer.members = proto::empty_array<Response::DescribedGroupMember>();
  if (!may_group(call, AclOperation::kDescribe, id)) {
    answer.group_state = "";
    answer.error_code = proto::to_number(ErrorCode::kGroupAuthorizationFailed);
    return;
  }
  const Groups& groups = call.node.groups().groups();
  const ClassicGroup* group = groups.find(id);
  if (group == nullptr) {
    answer.group_state = group_state_name(GroupState::kDead);
    if (call.version() >= kNamesMissingGroupsFrom) {
      answer.error_code = proto::to_number(ErrorCode::kGroupIdNotFound);
      answer.error_message =
          call.arena.copy(groups.contains(id) ? fmt::format("Group {} is not a classic group.", id)
                                              : fmt::format("Group {} not found.", id));
    }
    return;
  }
  if (call.message.include_authorized_operations) {
    answer.authorized_operations = operations_of(call, ResourceType::kGroup, id);
  }
  answer.group_state = group_state_name(group->state());
  if (group->protocol_type()) answer.protocol_type = *group->protocol_type();
  if (group->state() == GroupState::kStable) answer.protocol_data = *group->protocol_name();
  describe_members(*group, call.arena, answer);
}

void describe_groups(const Call<Request>& call, Response& response) {
  const auto& ids = call.message.groups;
  response.groups = call.arena.array<Response::DescribedGroup>(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) describe(call, ids[i], response.groups[i]);
}

}  // namespace

constinit const HandlerInfo kDescribeGroupsApi{proto::ApiKey::kDescribeGroups, 0, 6,
                                               answer<Request, describe_groups>};

}  // namespace odradek::broker
