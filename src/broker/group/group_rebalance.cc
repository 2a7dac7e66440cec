// The rebalance: from the first join to the answers of all, and the choice of protocol and leader.

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"
#include "broker/group/classic_group.h"
#include "broker/group/subscription.h"

namespace odradek::broker {

void ClassicGroup::transition(GroupState next, Now now) {
  state_ = next;
  state_since_ms_ = now.wall_ms;
}

bool ClassicGroup::all_joined() const {
  return pending_.empty() && std::ranges::all_of(members_, [](const auto& item) {
           return item.second.join.has_value();
         });
}

Duration ClassicGroup::rebalance_timeout() const {
  Duration longest = std::chrono::milliseconds(1);
  for (const auto& [id, member] : members_) longest = std::max(longest, member.rebalance_timeout);
  return longest;
}

void ClassicGroup::rebalance_or_complete(Now now, GroupReplies& out) {
  if (state_ == GroupState::kPreparingRebalance || state_ == GroupState::kDead) {
    maybe_complete_join(now, out);
  } else {
    prepare_rebalance(now, out);
  }
}

void ClassicGroup::prepare_rebalance(Now now, GroupReplies& out) {
  if (state_ == GroupState::kCompletingRebalance) {
    for (auto& [id, member] : members_) member.assignment.clear();
    end_sync(ErrorCode::kRebalanceInProgress, now, out);
  }
  pending_sync_.clear();
  sync_deadline_.reset();
  const bool initial = state_ == GroupState::kEmpty;
  transition(GroupState::kPreparingRebalance, now);
  ODK_LOG(debug, "rebalance begins", kv("group", id_), kv("generation", generation_),
          kv("members", members_.size()));
  if (initial) {
    // A new group: give the other members time to arrive.
    initial_ = true;
    new_member_added_ = false;
    initial_left_ =
        std::max(rebalance_timeout() - config_.initial_rebalance_delay, Duration::zero());
    join_deadline_ = now.at + config_.initial_rebalance_delay;
  } else if (all_joined() || members_.empty()) {
    complete_join(now, out);
  } else {
    join_deadline_ = now.at + rebalance_timeout();
  }
}

void ClassicGroup::maybe_complete_join(Now now, GroupReplies& out) {
  if (state_ != GroupState::kPreparingRebalance || initial_) return;
  if (all_joined()) complete_join(now, out);
}

void ClassicGroup::complete_join(Now now, GroupReplies& out) {
  join_deadline_.reset();
  initial_ = false;
  // Dynamic members that did not come in time are out; static ones have their session timeout.
  std::vector<std::string> late;
  for (const auto& [id, member] : members_) {
    if (!member.join && !member.instance_id) late.push_back(id);
  }
  for (const std::string& id : late) remove_member(id);

  if (!elect_joined_leader() && !members_.empty()) {
    // Only static members are left and none is here: wait until they come or their sessions end.
    join_deadline_ = now.at + rebalance_timeout();
    return;
  }
  next_generation(now);
  if (state_ == GroupState::kEmpty) return;

  for (auto& [id, member] : members_) {
    JoinReply reply;
    reply.generation = generation_;
    reply.protocol_type = protocol_type_;
    reply.protocol_name = protocol_name_;
    reply.leader = leader_;
    reply.member_id = id;
    if (id == leader_) reply.members = joined_members();
    answer_join(member, std::move(reply), out);
    restart_session(member, now);
    member.is_new = false;
    pending_sync_.insert(id);
  }
  sync_deadline_ = now.at + rebalance_timeout();
}

// The leader must be one that is here.
bool ClassicGroup::elect_joined_leader() {
  if (leader_.empty()) return false;
  if (members_.find(leader_)->second.join) return true;
  const auto joined =
      std::ranges::find_if(members_, [](const auto& item) { return item.second.join.has_value(); });
  if (joined == members_.end()) return false;
  leader_ = joined->first;
  return true;
}

void ClassicGroup::next_generation(Now now) {
  ++generation_;
  pending_sync_.clear();
  if (members_.empty()) {
    protocol_name_.reset();
    transition(GroupState::kEmpty, now);
    // Should it fail, a restart finds members that are gone, and their sessions end soon.
    if (const ErrorCode error = write(); error != ErrorCode::kNone) {
      ODK_LOG(warn, "an empty group is not written", kv("group", id_),
              kv("error", proto::error_name(error)));
    }
  } else {
    protocol_name_ = select_protocol();
    transition(GroupState::kCompletingRebalance, now);
  }
  read_subscriptions();
  ODK_LOG(info, "group has a new generation", kv("group", id_), kv("generation", generation_),
          kv("members", members_.size()), kv("protocol", protocol_name_.value_or("")));
}

// Every member votes for the best of its protocols that all know; the most votes win.
std::string ClassicGroup::select_protocol() const {
  std::map<std::string_view, size_t> votes;
  for (const auto& [id, member] : members_) {
    for (const auto& [name, metadata] : member.protocols) {
      const bool common = std::ranges::all_of(
          members_, [&name](const auto& item) { return item.second.has_protocol(name); });
      if (!common) continue;
      ++votes[name];
      break;
    }
  }
  ODK_ASSERT(!votes.empty(), "group {} has no common protocol", id_);
  const auto winner =
      std::ranges::max_element(votes, {}, [](const auto& item) { return item.second; });
  return std::string(winner->first);
}

std::vector<JoinMember> ClassicGroup::joined_members() const {
  std::vector<JoinMember> joined;
  joined.reserve(members_.size());
  for (const auto& [id, member] : members_) {
    joined.push_back({id, member.instance_id, member.metadata(protocol_name_.value_or(""))});
  }
  return joined;
}

// Answers the SyncGroups that wait, with the assignments or an error.
void ClassicGroup::end_sync(ErrorCode error, Now now, GroupReplies& out) {
  for (auto& [id, member] : members_) {
    SyncReply reply;
    reply.error = error;
    reply.assignment = member.assignment;
    if (error == ErrorCode::kNone) {
      reply.protocol_type = protocol_type_;
      reply.protocol_name = protocol_name_;
    }
    if (answer_sync(member, std::move(reply), out)) restart_session(member, now);
  }
}

void ClassicGroup::read_subscriptions() {
  subscriptions_.reset();
  if (!uses_consumer_protocol()) return;
  std::set<std::string, std::less<>> topics;
  for (const auto& [id, member] : members_) {
    if (!add_subscribed_topics(as_bytes(member.metadata(protocol_name_.value_or(""))), topics)) {
      return;
    }
  }
  subscriptions_ = std::move(topics);
}

bool ClassicGroup::is_subscribed_to(std::string_view topic) const {
  if (subscriptions_) return subscriptions_->contains(topic);
  return uses_consumer_protocol();
}

void ClassicGroup::remove_member(const std::string& member_id) {
  pending_.erase(member_id);
  pending_sync_.erase(member_id);
  const auto found = members_.find(member_id);
  if (found == members_.end()) return;
  if (found->second.instance_id) static_ids_.erase(*found->second.instance_id);
  members_.erase(found);
  if (leader_ == member_id) leader_ = members_.empty() ? "" : members_.begin()->first;
}

}  // namespace odradek::broker
