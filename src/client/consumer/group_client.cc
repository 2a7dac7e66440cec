#include "client/consumer/group_client.h"

#include <algorithm>

#include "base/log.h"
#include "proto/messages/heartbeat_request.h"
#include "proto/messages/heartbeat_response.h"
#include "proto/messages/leave_group_request.h"
#include "proto/messages/leave_group_response.h"

namespace odradek::client {
namespace {

constexpr Duration kPause = std::chrono::milliseconds(100);
constexpr Duration kCommitOnRevokeMax = std::chrono::seconds(5);
constexpr Duration kLeaveMax = std::chrono::seconds(1);
constexpr Duration kPartitionCheckInterval = std::chrono::seconds(1);

std::vector<kafka::TopicPartition> difference(const std::vector<kafka::TopicPartition>& from,
                                              const std::vector<kafka::TopicPartition>& without) {
  std::vector<kafka::TopicPartition> rest;
  std::ranges::set_difference(from, without, std::back_inserter(rest));
  return rest;
}

}  // namespace

GroupClient::GroupClient(kafka::ClientCore& core, ConsumerState& state,
                         std::function<void()> on_change)
    : core_(&core),
      loop_(&core.loop()),
      cluster_(&core.cluster()),
      state_(&state),
      on_change_(std::move(on_change)),
      lane_(core.new_lane()),
      membership_(state.options.group, state.options.instance_id),
      is_cooperative_(std::ranges::all_of(state.options.assignors, is_cooperative)),
      tasks_(core.loop()),
      changed_(core.loop()),
      commit_done_(core.loop()) {}

void GroupClient::start() {
  if (is_stopped_) return;
  needs_join_ = true;
  changed_.notify_all();
  if (is_started_) return;
  is_started_ = true;
  if (!topics().empty()) {
    tasks_.spawn(run());
    tasks_.spawn(beat());
  }
  if (state_->options.auto_commit) tasks_.spawn(commit_now_and_then());
}

std::vector<std::string> GroupClient::topics() const {
  const MutexLock lock(state_->mutex);
  return state_->topics;
}

void GroupClient::publish_identity() {
  const MutexLock lock(state_->mutex);
  state_->identity = membership_.identity();
}

// --- the life of a member

io::Task<void> GroupClient::run() {
  while (!is_stopped_ && !has_left_) {
    const bool is_polled = co_await wait_for_poll();
    if (!is_polled) break;
    const bool is_ready = co_await prepare_to_join();
    if (!is_ready) continue;
    needs_join_ = false;
    is_joining_ = true;
    const GroupStep step = co_await join();
    is_joining_ = false;
    publish_identity();
    changed_.notify_all();
    if (is_stopped_ || has_left_) break;
    if (step != GroupStep::kGoOn) {
      needs_join_ = true;
      co_await act(step);
      continue;
    }
    co_await adopt();
    co_await stay();
  }
}

io::Task<bool> GroupClient::wait_for_poll() {
  while (needs_poll_ && !is_stopped_ && !has_left_) {
    if (!want_poll()) {
      needs_poll_ = false;
      break;
    }
    const Result<void> woken = co_await changed_.wait();
    if (!woken) co_return false;
    if (!is_too_slow()) needs_poll_ = false;
  }
  co_return !is_stopped_ && !has_left_;
}

// Makes the next call of next() tell us. False when one waits already.
bool GroupClient::want_poll() {
  const MutexLock lock(state_->mutex);
  if (state_->waiting) return false;
  state_->is_poll_wanted = true;
  return true;
}

bool GroupClient::is_too_slow() const {
  const MutexLock lock(state_->mutex);
  if (state_->waiting) return false;
  return loop_->now() - state_->last_poll > Duration(state_->options.max_poll_interval);
}

// Eager members come to the table with empty hands; cooperative ones only give up topics they
// are not subscribed to any more.
io::Task<bool> GroupClient::prepare_to_join() {
  std::vector<kafka::TopicPartition> given_up;
  {
    const MutexLock lock(state_->mutex);
    given_up = state_->table.ids();
    if (is_cooperative_) {
      std::erase_if(given_up, [this](const kafka::TopicPartition& id) ODK_THREAD_ANNOTATION(
                                  requires_capability(state_->mutex)) {
        return std::ranges::find(state_->topics, id.topic) != state_->topics.end();
      });
    }
  }
  if (given_up.empty()) co_return true;
  co_return co_await revoke(std::move(given_up));
}

io::Task<bool> GroupClient::revoke(std::vector<kafka::TopicPartition> partitions) {
  {
    const MutexLock lock(state_->mutex);
    for (const kafka::TopicPartition& id : partitions) {
      if (AssignedPartition* entry = state_->table.find(id)) entry->is_leaving = true;
    }
  }
  const uint64_t event = state_->announce(RebalanceKind::kRevoked, partitions);
  const bool is_handled = co_await wait_until_handled(event);
  if (!is_handled) co_return false;
  const int32_t generation = membership_.identity().generation;
  const MonotonicTime deadline = loop_->now() + kCommitOnRevokeMax;
  co_await commit_consumed(deadline);
  if (is_stopped_ || membership_.identity().generation != generation) co_return false;
  {
    const MutexLock lock(state_->mutex);
    state_->table.remove(partitions);
    state_->drop_void_chunks();
  }
  on_change_();
  co_return true;
}

io::Task<bool> GroupClient::wait_until_handled(uint64_t event_id) {
  while (!state_->is_handled(event_id)) {
    // Heartbeats go on; they also find out when the program is too slow.
    if (is_stopped_ || has_left_ || needs_poll_) co_return false;
    const Result<void> woken = co_await changed_.wait();
    if (!woken) co_return false;
  }
  co_return !is_stopped_ && !has_left_;
}

void GroupClient::lose_everything() {
  std::vector<kafka::TopicPartition> lost;
  {
    const MutexLock lock(state_->mutex);
    lost = state_->table.ids();
    state_->table.clear();
    state_->drop_void_chunks();
  }
  publish_identity();
  on_change_();
  if (!lost.empty()) state_->announce(RebalanceKind::kLost, std::move(lost));
}

io::Task<void> GroupClient::adopt() {
  std::vector<kafka::TopicPartition> owned;
  {
    const MutexLock lock(state_->mutex);
    owned = state_->table.ids();
  }
  const std::vector<kafka::TopicPartition> assigned = assignment_;
  const std::vector<kafka::TopicPartition> revoked = difference(owned, assigned);
  const std::vector<kafka::TopicPartition> added = difference(assigned, owned);
  ODK_LOG(info, "group assignment", kv("group", state_->options.group),
          kv("generation", membership_.identity().generation), kv("partitions", assigned.size()),
          kv("added", added.size()), kv("revoked", revoked.size()));
  if (!revoked.empty()) {
    const bool is_revoked = co_await revoke(revoked);
    needs_join_ = true;  // what we gave up can be given to its new owner
    if (!is_revoked) co_return;
  }
  {
    const MutexLock lock(state_->mutex);
    state_->table.add(added, PositionNeed::kCommitted);
  }
  state_->announce(RebalanceKind::kAssigned, added);
  on_change_();
}

io::Task<void> GroupClient::stay() {
  while (!needs_join_ && !is_stopped_ && !has_left_ && membership_.is_member()) {
    const Result<void> woken = co_await changed_.wait(loop_->now() + kPartitionCheckInterval);
    if (!woken && woken.error().code() != Errc::kTimedOut) co_return;
    if (woken || needs_join_ || !is_leader_) continue;
    const bool is_new = co_await has_new_partitions();
    if (is_new) needs_join_ = true;
  }
  needs_join_ = true;
}

// The leader shares out again when topics grew, came or went.
io::Task<bool> GroupClient::has_new_partitions() {
  std::vector<std::string> names;
  for (const auto& [topic, count] : counts_) names.push_back(topic);
  for (const std::string& topic : topics()) {
    if (!counts_.contains(topic)) names.push_back(topic);
  }
  auto metadata = co_await cluster_->metadata(names, cluster_->request_deadline());
  if (!metadata) co_return false;
  for (const std::string& name : names) {
    const cluster::Topic* topic = (*metadata)->topic(std::string_view(name));
    const bool exists = topic != nullptr && topic->error == proto::ErrorCode::kNone;
    const auto count = exists ? static_cast<int32_t>(topic->partitions.size()) : 0;
    const auto known = counts_.find(name);
    if (count != (known == counts_.end() ? 0 : known->second)) co_return true;
  }
  co_return false;
}

io::Task<void> GroupClient::act(GroupStep step) {
  switch (step) {
    case GroupStep::kGoOn:
    case GroupStep::kJoinAgain: co_return;
    case GroupStep::kJoinAsStranger: lose_everything(); co_return;
    case GroupStep::kFindCoordinator:
      cluster_->forget_coordinator(cluster::CoordinatorType::kGroup, state_->options.group);
      break;
    case GroupStep::kPause: break;
    case GroupStep::kFail:
      has_left_ = true;
      changed_.notify_all();
      lose_everything();
      state_->report(failure_, true);
      co_return;
  }
  const Result<void> paused = co_await changed_.wait(loop_->now() + kPause);
  (void)paused;
}

// --- heartbeats

io::Task<void> GroupClient::beat() {
  while (!is_stopped_ && !has_left_) {
    const MonotonicTime next = loop_->now() + Duration(state_->options.heartbeat_interval);
    while (!is_stopped_ && loop_->now() < next) {
      const Result<void> woken = co_await changed_.wait(next);
      if (!woken && woken.error().code() != Errc::kTimedOut) co_return;
    }
    if (is_stopped_ || has_left_ || is_joining_ || !membership_.is_member()) continue;
    if (is_too_slow()) {
      ODK_LOG(warn, "the program did not ask for records in max_poll_interval: leaving the group",
              kv("group", state_->options.group));
      needs_poll_ = true;
      needs_join_ = true;
      want_poll();
      lose_everything();
      co_await leave_group(loop_->now() + kLeaveMax);
      changed_.notify_all();
      continue;
    }
    const bool is_fine = co_await beat_once();
    if (!is_fine) changed_.notify_all();
  }
}

io::Task<bool> GroupClient::beat_once() {
  const MonotonicTime deadline = loop_->now() + Duration(state_->options.session_timeout);
  auto connected = co_await coordinator(deadline);
  if (!connected) co_return true;
  const kafka::GroupMetadata identity = membership_.identity();
  proto::HeartbeatRequest request;
  request.group_id = identity.group;
  request.generation_id = identity.generation;
  request.member_id = identity.member_id;
  if (membership_.is_static()) request.group_instance_id = identity.instance_id;
  auto response = co_await cluster_->call(*std::move(connected), request, deadline);
  // An answer about another generation, or while we join, is stale.
  if (is_joining_ || identity.generation != membership_.identity().generation) co_return true;
  if (!response) {
    cluster_->forget_coordinator(cluster::CoordinatorType::kGroup, identity.group);
    co_return true;
  }
  const proto::ErrorCode code = proto::error_code(response->message.error_code);
  const GroupStep step = membership_.on_heartbeat(code);
  if (step == GroupStep::kGoOn) co_return true;
  if (step == GroupStep::kFail) failure_ = proto::to_error(code, "heartbeat");
  if (step == GroupStep::kJoinAgain || step == GroupStep::kJoinAsStranger) needs_join_ = true;
  co_await act(step);
  co_return false;
}

// --- the end

io::Task<void> GroupClient::leave(MonotonicTime deadline) {
  has_left_ = true;
  changed_.notify_all();
  co_await leave_group(deadline);
}

io::Task<void> GroupClient::leave_group(MonotonicTime deadline) {
  const kafka::GroupMetadata identity = membership_.identity();
  membership_.forget();
  if (identity.member_id.empty() || membership_.is_static()) co_return;
  auto connected = co_await coordinator(deadline);
  if (!connected) co_return;
  proto::LeaveGroupRequest request;
  proto::LeaveGroupRequest::MemberIdentity members[1];
  ODK_LOG(debug, "leaving the group", kv("group", identity.group));
  const Result<int16_t> version = (*connected)->version_for(proto::LeaveGroupRequest::kApiKey);
  if (!version) co_return;
  constexpr int16_t kFirstWithList = 3;
  request.group_id = identity.group;
  if (*version < kFirstWithList) {
    request.member_id = identity.member_id;
  } else {
    members[0].member_id = identity.member_id;
    members[0].reason = "the consumer is closed";
    request.members = proto::array_of(members);
  }
  auto left = co_await (*connected)->call(request, *version, deadline);
  if (!left) ODK_LOG(debug, "leave failed", kv("error", left.error().to_string()));
}

io::Task<void> GroupClient::stop() {
  is_stopped_ = true;
  changed_.notify_all();
  commit_done_.notify_all();
  tasks_.cancel();
  cluster_->close_lane(lane_);
  co_await tasks_.join();
  cluster_->close_lane(lane_);
}

}  // namespace odradek::client
