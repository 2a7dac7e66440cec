#include "client/consumer/group_member.h"

#include <algorithm>

#include "base/log.h"

namespace odradek::client {
namespace {

constexpr Duration kCommitOnRevokeMax = std::chrono::seconds(5);

}  // namespace

std::vector<kafka::TopicPartition> difference(const std::vector<kafka::TopicPartition>& from,
                                              const std::vector<kafka::TopicPartition>& without) {
  std::vector<kafka::TopicPartition> rest;
  std::ranges::set_difference(from, without, std::back_inserter(rest));
  return rest;
}

GroupMember::GroupMember(kafka::ClientCore& core, ConsumerState& state,
                         std::function<void()> on_change)
    : loop_(&core.loop()),
      cluster_(&core.cluster()),
      state_(&state),
      tasks_(core.loop()),
      changed_(core.loop()),
      on_change_(std::move(on_change)),
      lane_(core.new_lane()),
      commit_done_(core.loop()) {}

std::vector<std::string> GroupMember::topics() const {
  const MutexLock lock(state_->mutex);
  return state_->topics;
}

std::string GroupMember::pattern() const {
  const MutexLock lock(state_->mutex);
  return state_->pattern;
}

bool GroupMember::is_subscribed() const {
  const MutexLock lock(state_->mutex);
  return !state_->topics.empty() || !state_->pattern.empty();
}

std::vector<kafka::TopicPartition> GroupMember::owned() const {
  const MutexLock lock(state_->mutex);
  return state_->table.ids();
}

void GroupMember::publish_identity() {
  const MutexLock lock(state_->mutex);
  state_->identity = identity();
}

io::Task<Result<cluster::Cluster::Connection>> GroupMember::coordinator(MonotonicTime deadline) {
  return cluster_->coordinator(cluster::CoordinatorType::kGroup, state_->options.group, lane_,
                               deadline);
}

void GroupMember::forget_coordinator() {
  cluster_->forget_coordinator(cluster::CoordinatorType::kGroup, state_->options.group);
}

// --- the program's pace

io::Task<bool> GroupMember::wait_for_poll() {
  while (needs_poll_ && !is_over()) {
    if (!want_poll()) {
      needs_poll_ = false;
      break;
    }
    const Result<void> woken = co_await changed_.wait();
    if (!woken) co_return false;
    if (!is_too_slow()) needs_poll_ = false;
  }
  co_return !is_over();
}

// Makes the next call of next() tell us. False when one waits already.
bool GroupMember::want_poll() {
  const MutexLock lock(state_->mutex);
  if (state_->waiting) return false;
  state_->is_poll_wanted = true;
  return true;
}

bool GroupMember::is_too_slow() const {
  const MutexLock lock(state_->mutex);
  if (state_->waiting) return false;
  return loop_->now() - state_->last_poll > Duration(state_->options.max_poll_interval);
}

// --- partitions come and go

io::Task<bool> GroupMember::revoke(std::vector<kafka::TopicPartition> partitions) {
  {
    const MutexLock lock(state_->mutex);
    for (const kafka::TopicPartition& id : partitions) {
      if (AssignedPartition* entry = state_->table.find(id)) entry->is_leaving = true;
    }
  }
  const uint64_t event = state_->announce(RebalanceKind::kRevoked, partitions);
  const bool is_handled = co_await wait_until_handled(event);
  if (!is_handled) co_return false;
  const std::string member = identity().member_id;
  const MonotonicTime deadline = loop_->now() + kCommitOnRevokeMax;
  co_await commit_consumed(deadline);
  if (is_stopped_ || !is_member() || identity().member_id != member) co_return false;
  {
    const MutexLock lock(state_->mutex);
    state_->table.remove(partitions);
    state_->drop_void_chunks();
  }
  on_change_();
  co_return true;
}

io::Task<bool> GroupMember::wait_until_handled(uint64_t event_id) {
  while (!state_->is_handled(event_id)) {
    // Heartbeats go on; they also find out when the program is too slow.
    if (is_over() || needs_poll_) co_return false;
    const Result<void> woken = co_await changed_.wait();
    if (!woken) co_return false;
  }
  co_return !is_over();
}

void GroupMember::give(std::vector<kafka::TopicPartition> added) {
  {
    const MutexLock lock(state_->mutex);
    state_->table.add(added, PositionNeed::kCommitted);
  }
  state_->announce(RebalanceKind::kAssigned, std::move(added));
  on_change_();
}

void GroupMember::lose_everything() {
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

void GroupMember::fail(const Error& error) {
  has_left_ = true;
  changed_.notify_all();
  lose_everything();
  state_->report(error, true);
}

io::Task<void> GroupMember::stop() {
  is_stopped_ = true;
  changed_.notify_all();
  commit_done_.notify_all();
  tasks_.cancel();
  cluster_->close_lane(lane_);
  co_await tasks_.join();
  cluster_->close_lane(lane_);
}

}  // namespace odradek::client
