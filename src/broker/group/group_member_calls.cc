// What members do between joining and leaving: sync, heartbeat, commit, leave.

#include <algorithm>

#include "base/log.h"
#include "broker/group/classic_group.h"

namespace odradek::broker {

proto::ErrorCode ClassicGroup::check_member(std::string_view member_id,
                                            std::string_view instance_id) const {
  if (!is_null(instance_id)) {
    const auto known = static_ids_.find(instance_id);
    if (known == static_ids_.end()) return ErrorCode::kUnknownMemberId;
    if (known->second != member_id) return ErrorCode::kFencedInstanceId;
  }
  return members_.contains(member_id) ? ErrorCode::kNone : ErrorCode::kUnknownMemberId;
}

void ClassicGroup::sync(const SyncInput& input, Now now, GroupReplies& out) {
  const auto refuse = [&](ErrorCode error) {
    SyncReply reply;
    reply.error = error;
    out.syncs.emplace_back(input.ticket, std::move(reply));
  };
  if (state_ == GroupState::kEmpty) return refuse(ErrorCode::kUnknownMemberId);
  if (state_ == GroupState::kDead) return refuse(ErrorCode::kCoordinatorNotAvailable);
  const ErrorCode error = check_member(input.member.member_id, input.member.instance_id);
  if (error != ErrorCode::kNone) return refuse(error);
  if (input.member.generation != generation_) return refuse(ErrorCode::kIllegalGeneration);
  const auto differs = [](std::string_view said, const std::optional<std::string>& ours) {
    return !is_null(said) && ours && *ours != said;
  };
  if (differs(input.protocol_type, protocol_type_) ||
      differs(input.protocol_name, protocol_name_)) {
    return refuse(ErrorCode::kInconsistentGroupProtocol);
  }
  if (state_ == GroupState::kPreparingRebalance) return refuse(ErrorCode::kRebalanceInProgress);

  GroupMember& member = members_.find(input.member.member_id)->second;
  synced(member.member_id);
  if (state_ == GroupState::kStable) {
    SyncReply reply{ErrorCode::kNone, protocol_type_, protocol_name_, member.assignment};
    out.syncs.emplace_back(input.ticket, std::move(reply));
    recompute_wake();
    return;
  }
  if (member.sync) out.dropped.push_back(*member.sync);
  member.sync = input.ticket;
  if (member.member_id == leader_) assign(input, now, out);
  recompute_wake();
}

// The leader's assignments, written before anybody learns of them.
void ClassicGroup::assign(const SyncInput& input, Now now, GroupReplies& out) {
  for (auto& [id, each] : members_) each.assignment.clear();
  for (const auto& [id, assignment] : input.assignments) {
    const auto assigned = members_.find(id);
    if (assigned != members_.end()) assigned->second.assignment = as_text(assignment);
  }
  const ErrorCode error = write();
  if (error != ErrorCode::kNone) {
    for (auto& [id, each] : members_) each.assignment.clear();
    end_sync(error, now, out);
    return prepare_rebalance(now, out);
  }
  end_sync(ErrorCode::kNone, now, out);
  transition(GroupState::kStable, now);
}

// One SyncGroup less to wait for.
void ClassicGroup::synced(const std::string& member_id) {
  pending_sync_.erase(member_id);
  if (pending_sync_.empty()) sync_deadline_.reset();
}

proto::ErrorCode ClassicGroup::heartbeat(const MemberRef& ref, Now now) {
  if (state_ == GroupState::kDead) return ErrorCode::kCoordinatorNotAvailable;
  const ErrorCode error = check_member(ref.member_id, ref.instance_id);
  if (error != ErrorCode::kNone) return error;
  if (ref.generation != generation_) return ErrorCode::kIllegalGeneration;
  if (state_ == GroupState::kEmpty) return ErrorCode::kUnknownMemberId;
  restart_session(members_.find(ref.member_id)->second, now);
  return state_ == GroupState::kPreparingRebalance ? ErrorCode::kRebalanceInProgress
                                                   : ErrorCode::kNone;
}

// Source: ClassicGroup.validateOffsetCommit.
proto::ErrorCode ClassicGroup::check_commit(const MemberRef& ref, CommitRules rules, Now now) {
  if (state_ == GroupState::kDead) return ErrorCode::kCoordinatorNotAvailable;
  // Generation -1: a tool, or a consumer that assigns itself its partitions.
  if (ref.generation < 0 && state_ == GroupState::kEmpty) return ErrorCode::kNone;
  const bool names_member =
      ref.generation >= 0 || !ref.member_id.empty() || !is_null(ref.instance_id);
  if (names_member) {
    const ErrorCode error = check_member(ref.member_id, ref.instance_id);
    if (error != ErrorCode::kNone) return error;
    if (ref.generation != generation_) return ErrorCode::kIllegalGeneration;
  } else if (!rules.transactional) {
    return ErrorCode::kUnknownMemberId;
  }
  if (!rules.transactional && state_ == GroupState::kCompletingRebalance) {
    return ErrorCode::kRebalanceInProgress;
  }
  if (names_member) restart_session(members_.find(ref.member_id)->second, now);
  return ErrorCode::kNone;
}

void ClassicGroup::leave(std::span<LeavingMember> members, Now now, GroupReplies& out) {
  bool any = false;
  for (LeavingMember& leaving : members) {
    std::string id(leaving.member_id);
    if (id.empty()) {
      // An administrator names the instance alone.
      const auto known =
          is_null(leaving.instance_id) ? static_ids_.end() : static_ids_.find(leaving.instance_id);
      leaving.error = known == static_ids_.end() ? ErrorCode::kUnknownMemberId : ErrorCode::kNone;
      if (known != static_ids_.end()) id = known->second;
    } else if (!pending_.contains(id)) {
      leaving.error = check_member(id, leaving.instance_id);
    }
    if (leaving.error != ErrorCode::kNone) continue;
    any = true;
    const auto member = members_.find(id);
    if (member != members_.end()) {
      JoinReply gone;
      gone.error = ErrorCode::kUnknownMemberId;
      answer_join(member->second, std::move(gone), out);
      answer_sync(member->second, {ErrorCode::kUnknownMemberId, {}, {}, {}}, out);
    }
    remove_member(id);
    ODK_LOG(debug, "member left", kv("group", id_), kv("member", id));
  }
  if (any && state_ != GroupState::kEmpty && state_ != GroupState::kDead) {
    rebalance_or_complete(now, out);
  }
  recompute_wake();
}

void ClassicGroup::end_waiting(ErrorCode error, GroupReplies& out) {
  for (auto& [id, member] : members_) {
    JoinReply reply;
    reply.error = error;
    reply.member_id = id;
    answer_join(member, std::move(reply), out);
    answer_sync(member, {error, {}, {}, {}}, out);
  }
}

void ClassicGroup::kill(ErrorCode error, GroupReplies& out) {
  end_waiting(error, out);
  members_.clear();
  static_ids_.clear();
  pending_.clear();
  pending_sync_.clear();
  leader_.clear();
  join_deadline_.reset();
  sync_deadline_.reset();
  initial_ = false;
  state_ = GroupState::kDead;
  recompute_wake();
}

void ClassicGroup::answer_join(GroupMember& member, JoinReply reply, GroupReplies& out) {
  if (!member.join) return;
  out.joins.emplace_back(*member.join, std::move(reply));
  member.join.reset();
}

bool ClassicGroup::answer_sync(GroupMember& member, SyncReply reply, GroupReplies& out) {
  if (!member.sync) return false;
  out.syncs.emplace_back(*member.sync, std::move(reply));
  member.sync.reset();
  return true;
}

bool GroupMember::has_protocol(std::string_view name) const {
  return std::ranges::any_of(protocols, [name](const auto& item) { return item.first == name; });
}

const std::string& GroupMember::metadata(std::string_view protocol) const {
  static const std::string none;
  const auto found = std::ranges::find_if(
      protocols, [protocol](const auto& item) { return item.first == protocol; });
  return found == protocols.end() ? none : found->second;
}

bool GroupMember::same_protocols(std::span<const ProtocolView> other) const {
  return std::ranges::equal(protocols, other, [](const auto& ours, const ProtocolView& theirs) {
    return ours.first == theirs.name && ours.second == as_text(theirs.metadata);
  });
}

std::string_view group_state_name(GroupState state) {
  switch (state) {
    case GroupState::kEmpty: return "Empty";
    case GroupState::kPreparingRebalance: return "PreparingRebalance";
    case GroupState::kCompletingRebalance: return "CompletingRebalance";
    case GroupState::kStable: return "Stable";
    case GroupState::kDead: return "Dead";
  }
  return "Dead";
}

}  // namespace odradek::broker
