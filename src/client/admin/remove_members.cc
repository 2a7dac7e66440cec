// Admin::remove_members.
#include "client/admin/ask.h"
#include "client/admin/describe_groups.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/leave_group_request.h"
#include "proto/messages/leave_group_response.h"

namespace odradek::client {
namespace {

using Outcomes = std::vector<kafka::Outcome>;

constexpr int16_t kFirstWithMembers = 3;  // LeaveGroup of several, by instance id (KIP-345)

std::string name_of(std::string_view instance_id, std::string_view member_id) {
  return std::string(instance_id.empty() ? member_id : instance_id);
}

// One group is the only key; its members' outcomes are its value.
struct LeaveGroup {
  using Request = proto::LeaveGroupRequest;
  using Key = std::string;
  using Value = Outcomes;
  static constexpr std::string_view kDoing = "remove members of group";

  std::vector<kafka::MemberToRemove> members;
  std::string reason;
  std::vector<Request::MemberIdentity> items{};

  static Result<void> check(int16_t version) {
    if (version >= kFirstWithMembers) return {};
    return Error(Errc::kUnsupported, "the broker does not remove members by name");
  }

  Request request(const std::vector<Key>& group) {
    items.resize(members.size());
    for (size_t i = 0; i < members.size(); ++i) {
      items[i].member_id = members[i].member_id;
      items[i].group_instance_id = {};  // null: by member id
      if (!members[i].instance_id.empty()) items[i].group_instance_id = members[i].instance_id;
      items[i].reason = reason;
    }
    Request request;
    request.group_id = group.front();
    request.members = proto::array_of(items);
    return request;
  }

  static Result<void> read(const proto::LeaveGroupResponse& response, const std::vector<Key>& group,
                           Replies<Key, Value>& replies) {
    ODK_TRY_VOID(whole_answer(response, group.front()));
    Outcomes outcomes;
    for (const auto& member : response.members) {
      const std::string name = name_of(member.group_instance_id, member.member_id);
      outcomes.push_back({name, public_outcome(member.error_code, {}, "remove member " + name)});
    }
    replies.set(group.front(), std::move(outcomes));
    return {};
  }
};

io::Task<kafka::Result<Outcomes>> remove_members(Cluster& cluster, std::string group,
                                                 std::vector<kafka::MemberToRemove> members,
                                                 std::string reason, MonotonicTime deadline) {
  if (members.empty()) {
    auto described = co_await describe_group(cluster, group, deadline);
    if (!described) co_return described.error();
    for (const kafka::GroupMember& member : described->members) {
      const bool is_static = !member.instance_id.empty();
      members.push_back({.instance_id = member.instance_id,
                         .member_id = is_static ? std::string() : member.member_id});
    }
    if (members.empty()) co_return Outcomes();
  }
  LeaveGroup api{.members = std::move(members), .reason = std::move(reason)};
  std::vector<std::string> keys(1, group);
  auto items = co_await ask_items(cluster, Route::kGroupCoordinator, std::move(api),
                                  std::move(keys), deadline);
  if (!items) co_return to_public(items.error());
  co_return std::move(items->front().result);
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<Outcome>> Admin::remove_members(std::string group,
                                               std::vector<MemberToRemove> members,
                                               std::string reason, Wait wait) {
  return client::start<std::vector<Outcome>>(core_, wait, client::remove_members, std::move(group),
                                             std::move(members), std::move(reason));
}

}  // namespace odradek::kafka
