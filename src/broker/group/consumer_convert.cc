// From a classic group and back to one while members are in, and the group's way out of its
// records.

#include <algorithm>

#include "broker/group/classic_group.h"
#include "broker/group/consumer_group.h"
#include "broker/group/subscription.h"

namespace odradek::broker {

// Source: ConsumerGroup.fromClassicGroup.
bool ConsumerGroup::take_over(const ClassicGroup& classic, Now now) {
  std::map<std::string, PartitionSet> targets;
  for (const auto& [id, each] : classic.members()) {
    ConsumerMember member;
    member.id = id;
    const std::string protocol =
        classic.protocol_name() ? *classic.protocol_name() : each.protocols.front().first;
    const auto wants = read_subscription(as_bytes(each.metadata(protocol)));
    const auto has = read_assignment(as_bytes(each.assignment));
    if (!wants || !has) return false;
    member.instance_id = each.instance_id;
    member.rack_id = wants->rack_id;
    member.client_id = each.client_id;
    member.client_host = each.client_host;
    member.topics = wants->topics;
    member.rebalance_timeout = each.rebalance_timeout;
    member.classic = ClassicPart{each.session_timeout, each.protocols};
    member.epoch = classic.generation();
    member.previous_epoch = classic.generation();
    PartitionSet& target = targets[id];
    for (const auto& [name, partitions] : *has) {
      const std::optional<GroupTopic> topic = environment_.topic(name);
      if (!topic) continue;
      for (const int32_t partition : partitions) {
        // Two members with the same partition: a leader's mistake, which ends here.
        if (is_owned(topic->id, partition)) continue;
        member.assigned[topic->id].emplace(partition, member.epoch);
        target[topic->id].insert(partition);
      }
    }
    put_member(member);
    restart_session(member, now);
  }
  set_epoch({classic.generation(), metadata_hash()});
  for (auto& [id, target] : targets) put_target(id, std::move(target));
  // The first target of the new group does not wait for the assignment interval.
  set_target_epoch({classic.generation(), 0});
  return true;
}

bool ConsumerGroup::has_only_classic_without(std::span<const std::string> leaving) const {
  bool any = false;
  for (const auto& [id, member] : members_) {
    if (std::ranges::count(leaving, id) > 0) continue;
    if (!member.is_classic()) return false;
    any = true;
  }
  return any;
}

std::vector<GroupMember> ConsumerGroup::classic_members(
    std::span<const std::string> leaving) const {
  std::vector<GroupMember> members;
  for (const auto& [id, each] : members_) {
    if (std::ranges::count(leaving, id) > 0) continue;
    GroupMember& member = members.emplace_back();
    member.member_id = id;
    member.instance_id = each.instance_id;
    member.client_id = each.client_id;
    member.client_host = each.client_host;
    member.session_timeout = each.classic->session_timeout;
    member.rebalance_timeout = each.rebalance_timeout;
    member.protocols = each.classic->protocols;
    member.assignment = classic_assignment(each, target(id));
  }
  return members;
}

Result<void> ConsumerGroup::replay_epoch(Bytes value) {
  ODK_TRY(epoch_, read_epoch(value));
  return {};
}

Result<void> ConsumerGroup::replay_member(std::string_view member_id, Bytes value) {
  const auto found = members_.find(member_id);
  if (is_null(value)) {
    if (found == members_.end()) return {};
    unindex(found->second);
    members_.erase(found);
    return {};
  }
  ConsumerMember member;
  if (found != members_.end()) member = found->second;
  member.id = member_id;
  ODK_TRY_VOID(read_member(value, member));
  if (found != members_.end()) unindex(found->second);
  index(member);
  members_.insert_or_assign(member.id, std::move(member));
  return {};
}

Result<void> ConsumerGroup::replay_current(std::string_view member_id, Bytes value) {
  const auto found = members_.find(member_id);
  ConsumerMember member;
  if (found != members_.end()) member = found->second;
  member.id = member_id;
  if (is_null(value)) {
    if (found == members_.end()) return {};
    member.epoch = kLeaveEpoch;
    member.previous_epoch = kLeaveEpoch;
    member.state = MemberState::kStable;
    member.assigned.clear();
    member.revoking.clear();
  } else {
    ODK_TRY_VOID(read_current(value, member));
  }
  if (found != members_.end()) unindex(found->second);
  index(member);
  members_.insert_or_assign(member.id, std::move(member));
  return {};
}

Result<void> ConsumerGroup::replay_target_epoch(Bytes value) {
  target_epoch_ = {};
  if (is_null(value)) return {};
  ODK_TRY(target_epoch_, read_target_epoch(value));
  return {};
}

Result<void> ConsumerGroup::replay_target(std::string_view member_id, Bytes value) {
  const std::string id(member_id);
  if (is_null(value)) {
    targets_.erase(id);
    return {};
  }
  ODK_TRY(targets_[id], read_target(value));
  return {};
}

Result<void> ConsumerGroup::replay_regex(std::string_view regex, Bytes value) {
  const std::string text(regex);
  if (is_null(value)) {
    regexes_.erase(text);
    return {};
  }
  ODK_TRY(regexes_[text], read_regex(value));
  return {};
}

void ConsumerGroup::replayed(Now now) {
  for (const auto& [id, member] : members_) {
    restart_session(member, now);
    Timers& timers = timers_[id];
    if (member.state == MemberState::kUnrevoked && !member.is_classic()) {
      timers.rebalance = now.at + member.rebalance_timeout;
      arm(*timers.rebalance);
    }
  }
  topics_changed_ = true;
}

}  // namespace odradek::broker
