// ConsumerGroupHeartbeat: everything a member of a consumer group says, and is told (KIP-848).

#include <fmt/format.h>

#include <algorithm>

#include "broker/group/topic_regex.h"
#include "broker/handlers/apis.h"
#include "broker/handlers/authorize.h"
#include "broker/handlers/client_host.h"
#include "proto/messages/consumer_group_heartbeat_request.h"
#include "proto/messages/consumer_group_heartbeat_response.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;
using Request = proto::ConsumerGroupHeartbeatRequest;
using Response = proto::ConsumerGroupHeartbeatResponse;

constexpr int16_t kMemberIdFromClientFrom = 1;

ApiError invalid(std::string message) { return {ErrorCode::kInvalidRequest, std::move(message)}; }

bool is_blank(std::string_view text) {
  return !is_null(text) &&
         std::ranges::all_of(text, [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
}

ApiError check_join(const Request& message) {
  if (message.rebalance_timeout_ms == -1) {
    return invalid("RebalanceTimeoutMs must be provided in first request.");
  }
  if (message.topic_partitions.data() == nullptr || !message.topic_partitions.empty()) {
    return invalid("TopicPartitions must be empty when (re-)joining.");
  }
  if (message.subscribed_topic_names.data() == nullptr && is_null(message.subscribed_topic_regex)) {
    return invalid("SubscribedTopicNames or SubscribedTopicRegex must be there when (re-)joining.");
  }
  return {};
}

// Source: GroupCoordinatorService.throwIfConsumerGroupHeartbeatRequestIsInvalid.
ApiError check(const Call<Request>& call) {
  const Request& message = call.message;
  const bool needs_id = message.member_epoch != 0 || call.version() >= kMemberIdFromClientFrom;
  if (needs_id && is_blank(message.member_id)) return invalid("MemberId can't be empty.");
  if (is_blank(message.group_id)) return invalid("GroupId can't be empty.");
  if (is_blank(message.instance_id)) return invalid("InstanceId can't be empty.");
  if (is_blank(message.rack_id)) return invalid("RackId can't be empty.");
  if (message.member_epoch < kStaticLeaveEpoch) {
    return invalid("MemberEpoch is invalid.");
  }
  if (message.member_epoch == kStaticLeaveEpoch && is_null(message.instance_id)) {
    return invalid("InstanceId can't be null.");
  }
  if (message.member_epoch == 0) {
    if (ApiError error = check_join(message); !error.ok()) return error;
  }
  if (!is_null(message.server_assignor) && !is_assignor(message.server_assignor)) {
    return {ErrorCode::kUnsupportedAssignor,
            fmt::format("ServerAssignor {} is not supported. Supported assignors: uniform, range.",
                        message.server_assignor)};
  }
  if (!message.subscribed_topic_regex.empty()) {
    const TopicRegex regex(message.subscribed_topic_regex);
    if (!regex.is_valid()) {
      return {ErrorCode::kInvalidRegularExpression,
              fmt::format("SubscribedTopicRegex `{}` is not a valid regular expression: {}.",
                          message.subscribed_topic_regex, regex.fault())};
    }
  }
  return {};
}

// A client may not even try topics it may not know.
ApiError check_rights(const Call<Request>& call) {
  const Request& message = call.message;
  if (!may_group(call, AclOperation::kRead, message.group_id)) {
    return {ErrorCode::kGroupAuthorizationFailed, {}};
  }
  const bool allowed =
      message.subscribed_topic_names.data() == nullptr ||
      std::ranges::all_of(message.subscribed_topic_names, [&call](std::string_view topic) {
        return may_topic(call, AclOperation::kDescribe, topic);
      });
  return {allowed ? ErrorCode::kNone : ErrorCode::kTopicAuthorizationFailed, {}};
}

ConsumerHeartbeat input_of(const Call<Request>& call, std::string_view member_id,
                           std::string_view host) {
  const Request& message = call.message;
  ConsumerHeartbeat input;
  input.group_id = message.group_id;
  input.member_id = member_id;
  input.epoch = message.member_epoch;
  input.instance_id = message.instance_id;
  input.rack_id = message.rack_id;
  input.client_id = call.request.client_id;
  input.client_host = host;
  input.rebalance_timeout_ms = message.rebalance_timeout_ms;
  if (message.subscribed_topic_names.data() != nullptr) {
    input.topics.emplace(message.subscribed_topic_names.begin(),
                         message.subscribed_topic_names.end());
  }
  input.regex = message.subscribed_topic_regex;
  input.assignor = message.server_assignor;
  if (call.node.security().authorizer().enabled()) {
    input.may_see = [&call](std::string_view topic) {
      return may_topic(call, AclOperation::kDescribe, topic);
    };
  }
  if (message.topic_partitions.data() != nullptr) {
    PartitionSet& owned = input.owned.emplace();
    for (const auto& topic : message.topic_partitions) {
      owned[topic.topic_id].insert(topic.partitions.begin(), topic.partitions.end());
    }
  }
  return input;
}

void tell_assignment(const PartitionSet& partitions, Arena& arena, Response& response) {
  response.assignment = arena.create<Response::Assignment>();
  response.assignment->topic_partitions = arena.array<Response::TopicPartitions>(partitions.size());
  size_t next = 0;
  for (const auto& [topic, numbers] : partitions) {
    auto& each = response.assignment->topic_partitions[next++];
    each.topic_id = topic;
    each.partitions = arena.array<int32_t>(numbers.size());
    std::ranges::copy(numbers, each.partitions.begin());
  }
}

void consumer_group_heartbeat(const Call<Request>& call, Response& response) {
  response.error_message = {};
  response.member_id = {};
  ApiError fault = check_rights(call);
  if (fault.ok()) fault = check(call);
  if (!fault.ok()) {
    response.error_code = proto::to_number(fault.code);
    if (!fault.message.empty()) response.error_message = call.arena.copy(fault.message);
    return;
  }
  const std::string host = client_host(*call.request.connection);
  const std::string made_id = call.message.member_id.empty() ? Uuid::random().to_string() : "";
  const std::string_view id = made_id.empty() ? call.message.member_id : std::string_view(made_id);
  const ConsumerReply reply = call.node.groups().consumer_heartbeat(input_of(call, id, host));
  response.error_code = proto::to_number(reply.error);
  if (reply.error != ErrorCode::kNone) {
    response.error_message = call.arena.copy(reply.message);
    return;
  }
  response.member_id = call.arena.copy(reply.member_id);
  response.member_epoch = reply.epoch;
  response.heartbeat_interval_ms = static_cast<int32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(reply.heartbeat_interval).count());
  if (reply.assignment) tell_assignment(*reply.assignment, call.arena, response);
}

}  // namespace

constinit const HandlerInfo kConsumerGroupHeartbeatApi{proto::ApiKey::kConsumerGroupHeartbeat, 0, 1,
                                                       answer<Request, consumer_group_heartbeat>};

}  // namespace odradek::broker
