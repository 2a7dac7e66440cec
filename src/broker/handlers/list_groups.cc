// ListGroups: with filters by state (v4, KIP-518) and by type (v5, KIP-848).

#include <algorithm>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"

namespace odradek::broker {
namespace {

using Request = proto::ListGroupsRequest;
using Response = proto::ListGroupsResponse;

constexpr std::string_view kClassic = "classic";
constexpr std::string_view kConsumer = "consumer";

bool matches(std::span<const std::string_view> filter, std::string_view word) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return filter.empty() || std::ranges::any_of(filter, [&](std::string_view each) {
           return std::ranges::equal(each, word, {}, lower, lower);
         });
}

Response::ListedGroup listed(const ClassicGroup& group) {
  Response::ListedGroup each;
  each.group_id = group.id();
  each.protocol_type = group.protocol_type() ? std::string_view(*group.protocol_type()) : "";
  each.group_state = group_state_name(group.state());
  each.group_type = kClassic;
  return each;
}

Response::ListedGroup listed(const ConsumerGroup& group) {
  Response::ListedGroup each;
  each.group_id = group.id();
  each.protocol_type = kConsumer;
  each.group_state = group.state_name();
  each.group_type = kConsumer;
  return each;
}

void list_groups(const Call<Request>& call, Response& response) {
  const Groups& groups = call.node.groups().groups();
  std::span<Response::ListedGroup> all = call.arena.array<Response::ListedGroup>(groups.size());
  size_t count = 0;
  const bool every = may_cluster(call, AclOperation::kDescribe);
  groups.for_each([&](const ClassicGroup* classic, const ConsumerGroup* consumer) {
    const Response::ListedGroup each = consumer != nullptr ? listed(*consumer) : listed(*classic);
    if (!every && !may_group(call, AclOperation::kDescribe, each.group_id)) return;
    if (!matches(call.message.states_filter, each.group_state)) return;
    if (!matches(call.message.types_filter, each.group_type)) return;
    all[count++] = each;
  });
  response.groups = all.first(count);
}

}  // namespace

constinit const HandlerInfo kListGroupsApi{proto::ApiKey::kListGroups, 0, 5,
                                           answer<Request, list_groups>};

}  // namespace odradek::broker
