// Time: sessions that end, rebalances and syncs that take too long.

#include <algorithm>

#include "base/log.h"
#include "broker/group/classic_group.h"

namespace odradek::broker {

void ClassicGroup::arm(MonotonicTime when) {
  if (!wake_at_ || when < *wake_at_) wake_at_ = when;
}

void ClassicGroup::restart_session(GroupMember& member, Now now) {
  restart_session(member, member.session_timeout, now);
}

// Heartbeats move the deadline back and leave wake_at_ alone: one early tick() is cheaper than
// looking through all members every time.
void ClassicGroup::restart_session(GroupMember& member, Duration timeout, Now now) {
  member.session_deadline = now.at + timeout;
  arm(*member.session_deadline);
}

void ClassicGroup::tick(Now now, GroupReplies& out) {
  if (!wake_at_ || now.at < *wake_at_) return;
  if (join_deadline_ && *join_deadline_ <= now.at) {
    if (initial_) {
      initial_delay_over(now, out);
    } else {
      complete_join(now, out);
    }
  }
  if (sync_deadline_ && *sync_deadline_ <= now.at) sync_timed_out(now, out);
  expire_sessions(now, out);
  recompute_wake();
}

void ClassicGroup::initial_delay_over(Now now, GroupReplies& out) {
  if (new_member_added_ && initial_left_ > Duration::zero()) {
    // Members keep coming: wait on, but not longer than a rebalance may take.
    new_member_added_ = false;
    const Duration delay = std::min(config_.initial_rebalance_delay, initial_left_);
    initial_left_ = std::max(initial_left_ - delay, Duration::zero());
    if (delay > Duration::zero()) {
      join_deadline_ = now.at + delay;
      return;
    }
  }
  const MonotonicTime grace_end = last_pending_at_ + config_.pending_member_grace;
  if (!pending_.empty() && now.at < grace_end) {
    join_deadline_ = std::min(grace_end, now.at + std::chrono::milliseconds(10));
    return;
  }
  complete_join(now, out);
}

void ClassicGroup::sync_timed_out(Now now, GroupReplies& out) {
  sync_deadline_.reset();
  const bool waiting = state_ == GroupState::kCompletingRebalance || state_ == GroupState::kStable;
  if (!waiting || pending_sync_.empty()) return;
  const std::set<std::string, std::less<>> late = pending_sync_;
  for (const std::string& id : late) {
    ODK_LOG(debug, "member did not sync in time", kv("group", id_), kv("member", id));
    remove_member(id);
  }
  prepare_rebalance(now, out);
}

void ClassicGroup::expire_sessions(Now now, GroupReplies& out) {
  const size_t pending_before = pending_.size();
  std::erase_if(pending_, [&](const auto& item) { return item.second <= now.at; });
  bool removed_pending = pending_.size() != pending_before;

  std::vector<std::string> expired;
  for (auto& [id, member] : members_) {
    if (!member.session_deadline || *member.session_deadline > now.at) continue;
    // Who waits for us cannot send heartbeats; its session starts again with the answer.
    if (!member.is_new && (member.join || member.sync)) {
      member.session_deadline.reset();
    } else {
      expired.push_back(id);
    }
  }
  for (const std::string& id : expired) {
    ODK_LOG(info, "member's session ended", kv("group", id_), kv("member", id));
    const auto member = members_.find(id);
    JoinReply gone;
    gone.error = ErrorCode::kUnknownMemberId;
    answer_join(member->second, std::move(gone), out);
    remove_member(id);
  }
  if (!expired.empty()) {
    rebalance_or_complete(now, out);
  } else if (removed_pending) {
    maybe_complete_join(now, out);
  }
}

void ClassicGroup::recompute_wake() {
  wake_at_.reset();
  if (join_deadline_) arm(*join_deadline_);
  if (sync_deadline_) arm(*sync_deadline_);
  for (const auto& [id, deadline] : pending_) arm(deadline);
  for (const auto& [id, member] : members_) {
    if (member.session_deadline) arm(*member.session_deadline);
  }
}

}  // namespace odradek::broker
