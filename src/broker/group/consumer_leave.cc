// Leaving, and time: sessions that end, partitions that are not given back.

#include <algorithm>

#include "base/log.h"
#include "broker/group/consumer_group.h"

namespace odradek::broker {

proto::ErrorCode ConsumerGroup::find_leaving(const ConsumerHeartbeat& input,
                                             std::string& member_id) const {
  if (!is_null(input.instance_id)) {
    const ConsumerMember* member = find_static(input.instance_id);
    if (member == nullptr) return ErrorCode::kUnknownMemberId;
    if (member->id != input.member_id) return ErrorCode::kFencedInstanceId;
  } else if (find(input.member_id) == nullptr) {
    return ErrorCode::kUnknownMemberId;
  }
  member_id = input.member_id;
  return ErrorCode::kNone;
}

proto::ErrorCode ConsumerGroup::leave_for_now(const std::string& member_id, Now now) {
  ConsumerMember member = members_.find(member_id)->second;
  member.epoch = kStaticLeaveEpoch;
  member.revoking.clear();
  put_member(member);
  const ErrorCode error = write_changes();
  if (error != ErrorCode::kNone) return error;
  // Its session goes on: when it does not come back in time, others get what it had.
  timers_[member_id].rebalance.reset();
  restart_session(member, now);
  return error;
}

proto::ErrorCode ConsumerGroup::remove(std::span<const std::string> member_ids, Now now) {
  for (const std::string& id : member_ids) erase_member(id);
  if (changes_.empty()) return ErrorCode::kNone;
  drop_unused_regexes();
  bump_epoch();
  const ErrorCode error = write_changes();
  if (error != ErrorCode::kNone) {
    // Still members: those whose time was over have another session.
    for (const std::string& id : member_ids) {
      if (const ConsumerMember* member = find(id)) restart_session(*member, now);
    }
    return error;
  }
  for (const std::string& id : member_ids) {
    ODK_LOG(debug, "member is out", kv("group", id_), kv("member", id));
    timers_.erase(id);
  }
  recompute_wake();
  return error;
}

void ConsumerGroup::arm(MonotonicTime when) {
  if (!wake_at_ || when < *wake_at_) wake_at_ = when;
}

void ConsumerGroup::restart_session(const ConsumerMember& member, Now now) {
  Timers& timers = timers_[member.id];
  timers.session = now.at + (member.classic ? member.classic->session_timeout
                                            : environment_.consumer_times(id_).session_timeout);
  arm(*timers.session);
  if (timers.rebalance) arm(*timers.rebalance);
}

void ConsumerGroup::resume_sessions(std::string_view heard_of, Now now) {
  for (const auto& [id, member] : members_) {
    if (id == heard_of || !timers_.contains(id)) restart_session(member, now);
  }
}

std::vector<std::string> ConsumerGroup::expired(Now now) {
  std::vector<std::string> out;
  for (const auto& [id, timers] : timers_) {
    const bool session_over = timers.session && *timers.session <= now.at;
    const bool rebalance_over = timers.rebalance && *timers.rebalance <= now.at;
    if (!session_over && !rebalance_over) continue;
    ODK_LOG(info, session_over ? "member's session ended" : "member did not move on in time",
            kv("group", id_), kv("member", id));
    out.push_back(id);
  }
  // Who is not removed after all has to be looked at again.
  for (const std::string& id : out) timers_.erase(id);
  recompute_wake();
  return out;
}

void ConsumerGroup::recompute_wake() {
  wake_at_.reset();
  for (const auto& [id, timers] : timers_) {
    if (timers.session) arm(*timers.session);
    if (timers.rebalance) arm(*timers.rebalance);
  }
}

// Source: ConsumerGroup.validateOffsetCommit.
proto::ErrorCode ConsumerGroup::check_commit(const MemberRef& ref, CommitRules rules) const {
  if (ref.generation < 0 && members_.empty()) return ErrorCode::kNone;
  const bool names_nobody = ref.generation < 0 && ref.member_id.empty() && is_null(ref.instance_id);
  if (rules.transactional && names_nobody) return ErrorCode::kNone;
  const ConsumerMember* member = find(ref.member_id);
  if (member == nullptr) return ErrorCode::kUnknownMemberId;
  if (!rules.transactional && !member->is_classic() && !rules.knows_epochs) {
    return ErrorCode::kUnsupportedVersion;
  }
  if (ref.generation == member->epoch) return ErrorCode::kNone;
  return member->is_classic() ? ErrorCode::kIllegalGeneration : ErrorCode::kStaleMemberEpoch;
}

bool ConsumerGroup::owned_in_epoch(const MemberRef& ref, const Uuid& topic,
                                   int32_t partition) const {
  const ConsumerMember* member = find(ref.member_id);
  if (member == nullptr || ref.generation < 0 || ref.generation > member->epoch) return false;
  for (const OwnedPartitions* owned : {&member->assigned, &member->revoking}) {
    const auto partitions = owned->find(topic);
    if (partitions == owned->end()) continue;
    const auto since = partitions->second.find(partition);
    if (since != partitions->second.end()) return ref.generation >= since->second;
  }
  return false;
}

proto::ErrorCode ConsumerGroup::check_fetch(std::string_view member_id, int32_t epoch) const {
  if (member_id.empty() && epoch < 0) return ErrorCode::kNone;
  const ConsumerMember* member = find(member_id);
  if (member == nullptr) return ErrorCode::kUnknownMemberId;
  if (epoch == member->epoch) return ErrorCode::kNone;
  return member->is_classic() ? ErrorCode::kIllegalGeneration : ErrorCode::kStaleMemberEpoch;
}

}  // namespace odradek::broker
