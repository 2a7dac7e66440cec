// ConsumerGroupDescribe: state, members, and what they have and are to have (KIP-848).

#include <fmt/format.h>

#include <algorithm>

#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "proto/messages/consumer_group_describe_request.h"
#include "proto/messages/consumer_group_describe_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::ConsumerGroupDescribeRequest;
using Response = proto::ConsumerGroupDescribeResponse;

constexpr int8_t kClassicMember = 0;
constexpr int8_t kConsumerMember = 1;

// Topics that are gone cannot be named, and are left out.
void tell(const Call<Request>& call, const PartitionSet& partitions, Response::Assignment& answer) {
  answer.topic_partitions = call.arena.array<Response::TopicPartitions>(partitions.size());
  size_t next = 0;
  for (const auto& [id, numbers] : partitions) {
    const Topic* topic = call.node.topics().find(id);
    if (topic == nullptr) continue;
    auto& each = answer.topic_partitions[next++];
    each.topic_id = id;
    each.topic_name = topic->name;
    each.partitions = call.arena.array<int32_t>(numbers.size());
    std::ranges::copy(numbers, each.partitions.begin());
  }
  answer.topic_partitions = answer.topic_partitions.first(next);
}

void describe_member(const Call<Request>& call, const ConsumerGroup& group,
                     const ConsumerMember& member, Response::Member& answer) {
  answer.member_id = member.id;
  answer.instance_id = {};
  answer.rack_id = {};
  if (member.instance_id) answer.instance_id = *member.instance_id;
  if (member.rack_id) answer.rack_id = *member.rack_id;
  answer.member_epoch = member.epoch;
  answer.client_id = member.client_id;
  answer.client_host = member.client_host;
  answer.subscribed_topic_names = call.arena.array<std::string_view>(member.topics.size());
  std::ranges::copy(member.topics, answer.subscribed_topic_names.begin());
  answer.subscribed_topic_regex = member.regex;
  answer.member_type = member.is_classic() ? kClassicMember : kConsumerMember;
  // What it has not given back yet is still its own.
  PartitionSet assigned = partitions_of(member.assigned);
  for (const auto& [topic, partitions] : partitions_of(member.revoking)) {
    assigned[topic].insert(partitions.begin(), partitions.end());
  }
  tell(call, assigned, answer.assignment);
  tell(call, group.target(member.id), answer.target_assignment);
}

// Whether the client may know of every topic in an answer.
bool shows_allowed_topics(const Call<Request>& call, const Response::Member& member) {
  const auto allowed = [&call](const Response::TopicPartitions& each) {
    return may_topic(call, AclOperation::kDescribe, each.topic_name);
  };
  return std::ranges::all_of(member.assignment.topic_partitions, allowed) &&
         std::ranges::all_of(member.target_assignment.topic_partitions, allowed);
}

// The answer about a group whose topics the client may not know; nothing else is told.
Response::DescribedGroup hidden(std::string_view id) {
  Response::DescribedGroup answer;
  answer.group_id = id;
  answer.group_state = "";
  answer.assignor_name = "";
  answer.members = proto::empty_array<Response::Member>();
  answer.error_code = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
  answer.error_message =
      "The group has described topic(s) that the client is not authorized to describe.";
  return answer;
}

void describe(const Call<Request>& call, std::string_view id, Response::DescribedGroup& answer) {
  answer.group_id = id;
  answer.error_message = {};
  answer.group_state = "";
  answer.assignor_name = "";
  answer.members = proto::empty_array<Response::Member>();
  if (!may_group(call, AclOperation::kDescribe, id)) {
    answer.error_code = proto::to_number(ErrorCode::kGroupAuthorizationFailed);
    return;
  }
  if (id.empty()) {
    answer.error_code = proto::to_number(ErrorCode::kInvalidGroupId);
    return;
  }
  const Groups& groups = call.node.groups().groups();
  const ConsumerGroup* group = groups.find_consumer(id);
  if (group == nullptr) {
    answer.error_code = proto::to_number(ErrorCode::kGroupIdNotFound);
    answer.error_message =
        call.arena.copy(groups.contains(id) ? fmt::format("Group {} is not a consumer group.", id)
                                            : fmt::format("Group {} not found.", id));
    return;
  }
  if (call.message.include_authorized_operations) {
    answer.authorized_operations = operations_of(call, ResourceType::kGroup, id);
  }
  answer.group_state = group->state_name();
  answer.group_epoch = group->epoch();
  answer.assignment_epoch = group->target_epoch();
  answer.assignor_name = group->assignor();
  answer.members = call.arena.array<Response::Member>(group->members().size());
  size_t next = 0;
  for (const auto& [member_id, member] : group->members()) {
    describe_member(call, *group, member, answer.members[next]);
    if (!shows_allowed_topics(call, answer.members[next++])) {
      answer = hidden(id);
      return;
    }
  }
}

void consumer_group_describe(const Call<Request>& call, Response& response) {
  const auto& ids = call.message.group_ids;
  response.groups = call.arena.array<Response::DescribedGroup>(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) describe(call, ids[i], response.groups[i]);
}

}  // namespace

constinit const HandlerInfo kConsumerGroupDescribeApi{proto::ApiKey::kConsumerGroupDescribe, 0, 1,
                                                      answer<Request, consumer_group_describe>};

}  // namespace odradek::broker
