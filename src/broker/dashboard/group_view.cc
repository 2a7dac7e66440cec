#include "broker/dashboard/group_view.h"

#include <algorithm>

#include "base/arena.h"
#include "broker/dashboard/api.h"
#include "proto/decode_message.h"
#include "proto/messages/consumer_group_describe_request.h"
#include "proto/messages/consumer_group_describe_response.h"
#include "proto/messages/consumer_protocol_assignment.h"
#include "proto/messages/consumer_protocol_subscription.h"
#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"

namespace odradek::broker::dashboard {
namespace {

// So many groups are asked for at once: others have their turn in between.
constexpr size_t kGroupsAtOnce = 50;
constexpr int16_t kByNameUntil = 9;  // OffsetFetch v10 names topics by id

using Views = std::span<GroupView>;

// The fields all versions of the consumers' own messages begin with. Source:
// ConsumerProtocolSubscription.json and ConsumerProtocolAssignment.json.
template <class Message>
bool decode_consumer_message(Bytes bytes, Arena& arena, Message& message) {
  wire::Reader reader(bytes, arena);
  const int16_t version = reader.i16();
  decode(reader, 0, message);
  return reader.ok() && version >= 0;
}

void read_classic_member(const proto::DescribeGroupsResponse::DescribedGroupMember& from,
                         GroupView::Member& into) {
  Arena arena(proto::decode_budget_bytes(from.member_metadata.size()) +
              proto::decode_budget_bytes(from.member_assignment.size()));
  proto::ConsumerProtocolSubscription subscription;
  if (!from.member_metadata.empty()) {
    into.unreadable = !decode_consumer_message(from.member_metadata, arena, subscription);
  }
  if (!into.unreadable) {
    into.subscribed.assign(subscription.topics.begin(), subscription.topics.end());
  }
  proto::ConsumerProtocolAssignment assignment;
  if (from.member_assignment.empty()) return;
  if (!decode_consumer_message(from.member_assignment, arena, assignment)) {
    into.unreadable = true;
    return;
  }
  for (const auto& topic : assignment.assigned_partitions) {
    auto& partitions = into.assigned[std::string(topic.topic)];
    partitions.assign(topic.partitions.begin(), topic.partitions.end());
  }
}

GroupView* find_view(Views views, std::string_view id) {
  const auto found = std::ranges::find(views, id, &GroupView::id);
  return found == views.end() ? nullptr : &*found;
}

io::Task<Result<void>> describe_classic(InsideClient& client, Views views) {
  std::vector<std::string_view> ids;
  for (const GroupView& view : views) {
    if (view.type != "consumer") ids.push_back(view.id);
  }
  if (ids.empty()) co_return Result<void>();
  proto::DescribeGroupsRequest request;
  request.groups = proto::array_of(ids);
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  for (const auto& described : answer.message.groups) {
    GroupView* view = find_view(views, described.group_id);
    if (view == nullptr) continue;
    view->state = described.group_state;
    view->protocol = described.protocol_type;
    view->assignor = described.protocol_data;
    for (const auto& from : described.members) {
      GroupView::Member& member = view->members.emplace_back();
      member.id = from.member_id;
      if (!is_null(from.group_instance_id)) member.instance_id = from.group_instance_id;
      member.client_id = from.client_id;
      member.host = from.client_host;
      if (view->protocol == "consumer") {
        read_classic_member(from, member);
      } else {
        member.unreadable = true;
      }
    }
  }
  co_return Result<void>();
}

void read_new_member(const proto::ConsumerGroupDescribeResponse::Member& from,
                     GroupView::Member& into) {
  into.id = from.member_id;
  if (!is_null(from.instance_id)) into.instance_id = from.instance_id;
  into.client_id = from.client_id;
  into.host = from.client_host;
  into.epoch = from.member_epoch;
  into.subscribed.assign(from.subscribed_topic_names.begin(), from.subscribed_topic_names.end());
  if (!is_null(from.subscribed_topic_regex)) into.regex = from.subscribed_topic_regex;
  for (const auto& topic : from.assignment.topic_partitions) {
    into.assigned[std::string(topic.topic_name)].assign(topic.partitions.begin(),
                                                        topic.partitions.end());
  }
}

io::Task<Result<void>> describe_new(InsideClient& client, Views views) {
  std::vector<std::string_view> ids;
  for (const GroupView& view : views) {
    if (view.type == "consumer") ids.push_back(view.id);
  }
  if (ids.empty() || !client.offers(proto::ApiKey::kConsumerGroupDescribe)) {
    co_return Result<void>();
  }
  proto::ConsumerGroupDescribeRequest request;
  request.group_ids = proto::array_of(ids);
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  for (const auto& described : answer.message.groups) {
    GroupView* view = find_view(views, described.group_id);
    if (view == nullptr || described.error_code != 0) continue;
    view->state = described.group_state;
    view->protocol = "consumer";
    view->assignor = described.assignor_name;
    view->epoch = described.group_epoch;
    for (const auto& from : described.members) {
      read_new_member(from, view->members.emplace_back());
    }
  }
  co_return Result<void>();
}

io::Task<Result<void>> read_offsets(InsideClient& client, Views views) {
  std::vector<proto::OffsetFetchRequest::OffsetFetchRequestGroup> groups;
  for (const GroupView& view : views) {
    auto& group = groups.emplace_back();
    group.group_id = view.id;
    group.member_id = {};
    group.topics = {};  // all
  }
  proto::OffsetFetchRequest request;
  request.groups = proto::array_of(groups);
  ODK_CO_TRY(const auto answer, co_await client.call(request, kByNameUntil));
  for (const auto& group : answer.message.groups) {
    GroupView* view = find_view(views, group.group_id);
    if (view == nullptr) continue;
    for (const auto& topic : group.topics) {
      auto& partitions = view->offsets[std::string(topic.name)];
      for (const auto& from : topic.partitions) {
        if (from.error_code != 0 || from.committed_offset < 0) continue;
        partitions[from.partition_index] = {from.committed_offset, from.committed_leader_epoch,
                                            std::string(from.metadata)};
      }
    }
  }
  co_return Result<void>();
}

io::Task<Result<std::vector<GroupView>>> list(InsideClient& client) {
  proto::ListGroupsRequest request;
  request.states_filter = proto::empty_array<std::string_view>();
  request.types_filter = proto::empty_array<std::string_view>();
  ODK_CO_TRY(const auto answer, co_await client.call(request));
  ODK_CO_TRY_VOID(check_answer(answer.message.error_code, "", "groups"));
  std::vector<GroupView> views;
  for (const auto& listed : answer.message.groups) {
    GroupView& view = views.emplace_back();
    view.id = listed.group_id;
    view.type = listed.group_type;
    std::ranges::transform(view.type, view.type.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    if (view.type.empty()) view.type = "classic";
    view.state = listed.group_state;
    view.protocol = listed.protocol_type;
  }
  co_return views;
}

io::Task<Result<void>> fill(InsideClient& client, Views views) {
  while (!views.empty()) {
    const Views some = views.first(std::min(views.size(), kGroupsAtOnce));
    ODK_CO_TRY_VOID(co_await describe_classic(client, some));
    ODK_CO_TRY_VOID(co_await describe_new(client, some));
    ODK_CO_TRY_VOID(co_await read_offsets(client, some));
    views = views.subspan(some.size());
  }
  co_return Result<void>();
}

}  // namespace

bool GroupView::reads(const std::string& topic) const {
  return offsets.contains(topic) || std::ranges::any_of(members, [&](const Member& member) {
           return member.assigned.contains(topic) ||
                  std::ranges::find(member.subscribed, topic) != member.subscribed.end();
         });
}

io::Task<Result<std::vector<GroupView>>> view_groups(InsideClient& client) {
  ODK_CO_TRY(std::vector<GroupView> views, co_await list(client));
  ODK_CO_TRY_VOID(co_await fill(client, views));
  std::erase_if(views, [](const GroupView& view) { return view.state == "Dead"; });
  co_return views;
}

io::Task<Result<GroupView>> view_group(InsideClient& client, std::string group_id) {
  ODK_CO_TRY(std::vector<GroupView> views, co_await list(client));
  std::erase_if(views, [&](const GroupView& view) { return view.id != group_id; });
  if (views.empty()) {
    co_return Error::server(proto::to_number(proto::ErrorCode::kGroupIdNotFound),
                            "there is no group " + group_id);
  }
  ODK_CO_TRY_VOID(co_await fill(client, views));
  co_return std::move(views.front());
}

}  // namespace odradek::broker::dashboard
