// How a ClassicMember joins: JoinGroup, the leader's sharing out, SyncGroup.
#include <algorithm>
#include <set>

#include "base/log.h"
#include "client/consumer/classic_member.h"
#include "client/consumer/subscription_codec.h"
#include "client/coordinator_errors.h"
#include "proto/messages/join_group_request.h"
#include "proto/messages/sync_group_request.h"
#include "proto/messages/sync_group_response.h"

namespace odradek::client {
namespace {

constexpr std::string_view kProtocolType = "consumer";
// The coordinator answers JoinGroup when everybody is there, at the latest after the rebalance
// timeout; so long we wait, and a little more.
constexpr Duration kJoinSlack = std::chrono::seconds(5);

int32_t milliseconds(std::chrono::milliseconds duration) {
  return static_cast<int32_t>(duration.count());
}

}  // namespace

// The same for each assignor, but that `sticky` adds what it had.
Result<std::vector<Slice>> ClassicMember::own_subscriptions() {
  Subscriber self;
  {
    const MutexLock lock(state_->mutex);
    self.topics = state_->topics;
    if (is_cooperative_) self.owned = state_->table.ids();
  }
  self.generation = membership_.identity().generation;
  ODK_TRY(const Slice plain, encode_subscription(self));
  std::vector<Slice> subscriptions;
  for (const kafka::Assignor assignor : state_->options.assignors) {
    if (assignor != kafka::Assignor::sticky) {
      subscriptions.push_back(plain);
      continue;
    }
    Subscriber with_data = self;
    ODK_TRY(with_data.user_data, encode_sticky_data(assignment_, assignment_generation_));
    ODK_TRY(Slice encoded, encode_subscription(with_data));
    subscriptions.push_back(std::move(encoded));
  }
  return subscriptions;
}

io::Task<GroupStep> ClassicMember::join() {
  const kafka::ConsumerOptions& options = state_->options;
  const MonotonicTime deadline = loop_->now() + Duration(options.max_poll_interval) + kJoinSlack;
  auto connected = co_await coordinator(cluster_->request_deadline());
  if (!connected) {
    ODK_LOG(debug, "no group coordinator", kv("error", connected.error().to_string()));
    failure_ = connected.error();
    co_return is_refused(failure_) ? GroupStep::kFail : GroupStep::kPause;
  }
  const Result<std::vector<Slice>> subscriptions = own_subscriptions();  // as long as the request
  if (!subscriptions) {
    failure_ = subscriptions.error();
    co_return GroupStep::kFail;
  }
  std::vector<proto::JoinGroupRequest::JoinGroupRequestProtocol> protocols(subscriptions->size());
  for (size_t i = 0; i < protocols.size(); ++i) {
    protocols[i].name = assignor_name(options.assignors[i]);
    protocols[i].metadata = (*subscriptions)[i].bytes();
  }
  const kafka::GroupMetadata identity = membership_.identity();
  proto::JoinGroupRequest request;
  request.group_id = identity.group;
  request.session_timeout_ms = milliseconds(options.session_timeout);
  request.rebalance_timeout_ms = milliseconds(options.max_poll_interval);
  request.member_id = identity.member_id;
  if (membership_.is_static()) request.group_instance_id = identity.instance_id;
  request.protocol_type = kProtocolType;
  request.protocols = proto::array_of(protocols);
  auto response = co_await cluster_->call(*std::move(connected), request, deadline);
  if (!response) {
    ODK_LOG(debug, "join failed", kv("error", response.error().to_string()));
    co_return GroupStep::kFindCoordinator;
  }
  const proto::JoinGroupResponse& answer = response->message;
  const proto::ErrorCode code = proto::error_code(answer.error_code);
  const GroupStep step = membership_.on_join(code, answer.member_id, answer.generation_id);
  if (step == GroupStep::kFail) failure_ = proto::to_error(code, "join group " + options.group);
  if (step != GroupStep::kGoOn || code != proto::ErrorCode::kNone) co_return step;

  is_leader_ = answer.leader == answer.member_id;
  std::map<std::string, Slice> assignments;
  if (is_leader_ && !answer.skip_assignment) {
    auto shared_out = co_await share_out(answer);
    if (!shared_out) {
      failure_ = shared_out.error();
      ODK_LOG(warn, "the group's partitions cannot be shared out",
              kv("error", failure_.to_string()));
      co_return failure_.code() == Errc::kUnsupported ? GroupStep::kFail : GroupStep::kPause;
    }
    assignments = *std::move(shared_out);
  }
  std::string protocol(answer.protocol_name);
  co_return co_await sync(std::move(assignments), std::move(protocol));
}

Result<kafka::Assignor> ClassicMember::assignor_named(std::string_view name) const {
  for (const kafka::Assignor assignor : state_->options.assignors) {
    if (assignor_name(assignor) == name) return assignor;
  }
  return Error(Errc::kUnsupported, "the group uses the assignor " + std::string(name));
}

// `response` outlives the task: the caller awaits it.
io::Task<Result<std::map<std::string, Slice>>> ClassicMember::share_out(
    const proto::JoinGroupResponse& response) {
  ODK_CO_TRY(const kafka::Assignor assignor, assignor_named(response.protocol_name));
  std::vector<Subscriber> members;
  std::set<std::string> names;
  for (const auto& item : response.members) {
    ODK_CO_TRY(Subscriber member, decode_subscription(item.metadata));
    if (assignor == kafka::Assignor::sticky) read_sticky_data(member);
    member.member_id = item.member_id;
    member.instance_id = item.group_instance_id;
    names.insert(member.topics.begin(), member.topics.end());
    members.push_back(std::move(member));
  }
  std::vector<std::string> topics(names.begin(), names.end());
  auto metadata = co_await cluster_->metadata(topics, cluster_->request_deadline());
  if (!metadata) co_return metadata.error();
  counts_.clear();
  for (const std::string& name : topics) {
    const cluster::Topic* topic = (*metadata)->topic(std::string_view(name));
    if (topic == nullptr || topic->error != proto::ErrorCode::kNone) continue;
    counts_[name] = static_cast<int32_t>(topic->partitions.size());
  }
  std::map<std::string, Slice> encoded;
  for (const auto& [member_id, partitions] : assign(assignor, members, counts_)) {
    ODK_CO_TRY(Slice bytes, encode_assignment(partitions));
    encoded[member_id] = std::move(bytes);
  }
  co_return encoded;
}

io::Task<GroupStep> ClassicMember::sync(std::map<std::string, Slice> assignments,
                                        std::string protocol) {
  const MonotonicTime deadline =
      loop_->now() + Duration(state_->options.max_poll_interval) + kJoinSlack;
  auto connected = co_await coordinator(cluster_->request_deadline());
  if (!connected) co_return GroupStep::kFindCoordinator;
  std::vector<proto::SyncGroupRequest::SyncGroupRequestAssignment> parts;
  for (const auto& [member_id, bytes] : assignments) {
    auto& part = parts.emplace_back();
    part.member_id = member_id;
    part.assignment = bytes.bytes();
  }
  const kafka::GroupMetadata identity = membership_.identity();
  proto::SyncGroupRequest request;
  request.group_id = identity.group;
  request.generation_id = identity.generation;
  request.member_id = identity.member_id;
  if (membership_.is_static()) request.group_instance_id = identity.instance_id;
  request.protocol_type = kProtocolType;
  request.protocol_name = protocol;
  request.assignments = proto::array_of(parts);
  auto response = co_await cluster_->call(*std::move(connected), request, deadline);
  if (!response) co_return GroupStep::kFindCoordinator;
  const proto::ErrorCode code = proto::error_code(response->message.error_code);
  const GroupStep step = membership_.on_sync(code);
  if (step == GroupStep::kFail) {
    failure_ = proto::to_error(code, "sync group " + identity.group);
  }
  if (step != GroupStep::kGoOn) co_return step;
  auto decoded = decode_assignment(response->message.assignment);
  if (!decoded) {
    failure_ = decoded.error().with_context("assignment of group " + identity.group);
    co_return GroupStep::kFail;
  }
  assignment_ = *std::move(decoded);
  assignment_generation_ = identity.generation;
  co_return GroupStep::kGoOn;
}

}  // namespace odradek::client
