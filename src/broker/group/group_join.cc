// Joining: who is let in, and what a known member's new JoinGroup means.

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"
#include "broker/group/classic_group.h"
#include "broker/group/member_id.h"

namespace odradek::broker {
namespace {

std::vector<std::pair<std::string, std::string>> owned(std::span<const ProtocolView> protocols) {
  std::vector<std::pair<std::string, std::string>> copies;
  copies.reserve(protocols.size());
  for (const ProtocolView& protocol : protocols) {
    copies.emplace_back(protocol.name, as_text(protocol.metadata));
  }
  return copies;
}

void refuse(const JoinInput& input, std::string_view member_id, proto::ErrorCode error,
            GroupReplies& out) {
  JoinReply reply;
  reply.error = error;
  reply.member_id = member_id;
  out.joins.emplace_back(input.ticket, std::move(reply));
}

}  // namespace

void ClassicGroup::join(const JoinInput& input, Now now, GroupReplies& out) {
  if (!accepts(input.member_id)) {
    remove_member(std::string(input.member_id));
    refuse(input, "", ErrorCode::kGroupMaxSizeReached, out);
  } else if (input.member_id.empty()) {
    join_new(input, now, out);
  } else {
    join_known(input, now, out);
  }
  recompute_wake();
}

bool ClassicGroup::accepts(std::string_view member_id) const {
  const auto member = members_.find(member_id);
  const bool known = member != members_.end();
  switch (state_) {
    case GroupState::kEmpty:
    case GroupState::kDead: return true;
    case GroupState::kPreparingRebalance: {
      if (known && member->second.join) return true;
      const auto waiting = static_cast<size_t>(std::ranges::count_if(
          members_, [](const auto& item) { return item.second.join.has_value(); }));
      return waiting < config_.members_max;
    }
    case GroupState::kCompletingRebalance:
    case GroupState::kStable: return known || members_.size() < config_.members_max;
  }
  return false;
}

// Is there a protocol of the joiner's that all members know?
bool ClassicGroup::supports(std::string_view protocol_type,
                            std::span<const ProtocolView> protocols) const {
  if (state_ == GroupState::kEmpty) return !protocol_type.empty() && !protocols.empty();
  if (protocol_type_ != protocol_type) return false;
  return std::ranges::any_of(protocols, [this](const ProtocolView& protocol) {
    return std::ranges::all_of(members_, [&protocol](const auto& item) {
      return item.second.has_protocol(protocol.name);
    });
  });
}

void ClassicGroup::join_new(const JoinInput& input, Now now, GroupReplies& out) {
  if (state_ == GroupState::kDead) {
    return refuse(input, "", ErrorCode::kCoordinatorNotAvailable, out);
  }
  if (!supports(input.protocol_type, input.protocols)) {
    return refuse(input, "", ErrorCode::kInconsistentGroupProtocol, out);
  }
  if (!is_null(input.instance_id)) {
    const auto known = static_ids_.find(input.instance_id);
    if (known == static_ids_.end()) {
      return add_member(input, make_member_id(input.instance_id), now, out);
    }
    const std::string old_id = known->second;
    return replace_static(input, old_id, now, out);
  }
  std::string new_id = make_member_id(input.client_id);
  if (!input.member_id_required) return add_member(input, std::move(new_id), now, out);
  pending_.emplace(new_id, now.at + input.session_timeout);
  last_pending_at_ = now.at;
  refuse(input, new_id, ErrorCode::kMemberIdRequired, out);
}

void ClassicGroup::join_known(const JoinInput& input, Now now, GroupReplies& out) {
  if (state_ == GroupState::kDead) {
    return refuse(input, input.member_id, ErrorCode::kCoordinatorNotAvailable, out);
  }
  if (!supports(input.protocol_type, input.protocols)) {
    return refuse(input, input.member_id, ErrorCode::kInconsistentGroupProtocol, out);
  }
  if (pending_.contains(input.member_id) && is_null(input.instance_id)) {
    return add_member(input, std::string(input.member_id), now, out);
  }
  const ErrorCode error = check_member(input.member_id, input.instance_id);
  if (error != ErrorCode::kNone) return refuse(input, input.member_id, error, out);

  GroupMember& member = members_.find(input.member_id)->second;
  const bool is_leader = member.member_id == leader_;
  const bool same = member.same_protocols(input.protocols);
  switch (state_) {
    case GroupState::kPreparingRebalance: break;
    case GroupState::kCompletingRebalance:
      // It did not get the answer to its first join, it seems.
      if (same) return reply_current(input, member, is_leader, out);
      break;
    case GroupState::kStable:
      // A leader that joins again wants a rebalance: its topics changed, perhaps.
      if (same && !is_leader) return reply_current(input, member, false, out);
      break;
    case GroupState::kEmpty:
    case GroupState::kDead: return refuse(input, input.member_id, ErrorCode::kUnknownMemberId, out);
  }
  update_member(member, input, out);
  rebalance_or_complete(now, out);
}

void ClassicGroup::add_member(const JoinInput& input, std::string member_id, Now now,
                              GroupReplies& out) {
  GroupMember member;
  member.member_id = member_id;
  if (!is_null(input.instance_id)) member.instance_id = input.instance_id;
  member.client_id = input.client_id;
  member.client_host = input.client_host;
  member.session_timeout = input.session_timeout;
  member.rebalance_timeout = input.rebalance_timeout;
  member.protocols = owned(input.protocols);
  member.join = input.ticket;

  if (initial_) new_member_added_ = true;
  if (members_.empty()) protocol_type_ = input.protocol_type;
  if (leader_.empty()) leader_ = member_id;
  if (member.instance_id) static_ids_[*member.instance_id] = member_id;
  pending_.erase(member_id);
  GroupMember& added = members_.insert_or_assign(member_id, std::move(member)).first->second;
  // A new member cannot send heartbeats while it waits; if nobody is there any more, forget it.
  restart_session(added, config_.new_member_join_timeout, now);
  rebalance_or_complete(now, out);
}

void ClassicGroup::update_member(GroupMember& member, const JoinInput& input, GroupReplies& out) {
  member.protocols = owned(input.protocols);
  member.session_timeout = input.session_timeout;
  member.rebalance_timeout = input.rebalance_timeout;
  if (member.join) out.dropped.push_back(*member.join);
  member.join = input.ticket;
}

// A static member came back without its id: it takes the old one's place under a new id.
void ClassicGroup::replace_static(const JoinInput& input, const std::string& old_id, Now now,
                                  GroupReplies& out) {
  const std::string old_leader = leader_;
  auto node = members_.extract(old_id);
  ODK_ASSERT(!node.empty(), "static member {} is not in the group", old_id);
  GroupMember& old_member = node.mapped();
  JoinReply fenced;
  fenced.error = ErrorCode::kFencedInstanceId;
  fenced.member_id = old_id;
  answer_join(old_member, std::move(fenced), out);
  SyncReply sync_fenced;
  sync_fenced.error = ErrorCode::kFencedInstanceId;
  answer_sync(old_member, std::move(sync_fenced), out);

  const std::string new_id = make_member_id(input.instance_id);
  node.key() = new_id;
  old_member.member_id = new_id;
  old_member.is_new = false;
  GroupMember& member = members_.insert(std::move(node)).position->second;
  if (pending_sync_.erase(old_id) > 0) pending_sync_.insert(new_id);
  if (leader_ == old_id) leader_ = new_id;
  static_ids_[std::string(input.instance_id)] = new_id;
  restart_session(member, now);
  update_member(member, input, out);
  ODK_LOG(debug, "static member returned", kv("group", id_), kv("instance", input.instance_id));

  if (state_ == GroupState::kCompletingRebalance) return prepare_rebalance(now, out);
  if (state_ != GroupState::kStable) return maybe_complete_join(now, out);
  if (protocol_name_.value_or("") != select_protocol()) return rebalance_or_complete(now, out);

  if (const ErrorCode error = write(); error != ErrorCode::kNone) {
    JoinReply failed;
    failed.error = error;
    failed.member_id = new_id;
    answer_join(member, std::move(failed), out);
    return rebalance_or_complete(now, out);
  }
  // Nothing the others could notice has changed: no rebalance.
  const bool leads = member.member_id == leader_;
  JoinReply reply;
  reply.generation = generation_;
  reply.protocol_type = protocol_type_;
  reply.protocol_name = protocol_name_;
  reply.member_id = new_id;
  if (input.can_skip_assignment) {
    reply.leader = leader_;
    reply.skip_assignment = leads;
    if (leads) reply.members = joined_members();
  } else {
    // An old client that finds itself leader would assign again: it is told the old leader's id.
    reply.leader = old_leader;
  }
  answer_join(member, std::move(reply), out);
}

void ClassicGroup::reply_current(const JoinInput& input, const GroupMember& member,
                                 bool with_members, GroupReplies& out) const {
  JoinReply reply;
  reply.generation = generation_;
  reply.protocol_type = protocol_type_;
  reply.protocol_name = protocol_name_;
  reply.leader = leader_;
  reply.member_id = member.member_id;
  if (with_members) reply.members = joined_members();
  out.joins.emplace_back(input.ticket, std::move(reply));
}

}  // namespace odradek::broker
