// The heartbeat: who is it, what does it want, what may it have.

#include <fmt/format.h>

#include "base/log.h"
#include "broker/group/consumer_group.h"

namespace odradek::broker {
namespace {

ConsumerReply refused(proto::ErrorCode error, const ConsumerHeartbeat& input, std::string message) {
  ConsumerReply reply;
  reply.error = error;
  reply.member_id = input.member_id;
  reply.epoch = input.epoch;
  reply.message = std::move(message);
  return reply;
}

// Fields that are there replace what was known.
void apply(const ConsumerHeartbeat& input, ConsumerMember& member) {
  if (!is_null(input.instance_id)) member.instance_id = input.instance_id;
  if (!is_null(input.rack_id)) member.rack_id = input.rack_id;
  if (input.rebalance_timeout_ms != -1) {
    member.rebalance_timeout = std::chrono::milliseconds(input.rebalance_timeout_ms);
  }
  if (!is_null(input.assignor)) member.assignor = input.assignor;
  if (input.topics) member.topics = *input.topics;
  if (!is_null(input.regex)) member.regex = input.regex;
  member.client_id = input.client_id;
  member.client_host = input.client_host;
  member.classic.reset();
}

}  // namespace

// Source: throwIfConsumerGroupMemberEpochIsInvalid.
proto::ErrorCode ConsumerGroup::check_epoch(const ConsumerMember& member,
                                            const ConsumerHeartbeat& input) const {
  // It starts over, and has nothing.
  if (input.epoch == 0) return ErrorCode::kNone;
  if (input.epoch > member.epoch) return ErrorCode::kFencedMemberEpoch;
  if (input.epoch == member.epoch) return ErrorCode::kNone;
  // The answer that told it its epoch may have been lost; it goes on when it has nothing else.
  const bool repeats = input.epoch == member.previous_epoch && input.owned &&
                       is_subset(*input.owned, member.assigned);
  return repeats ? ErrorCode::kNone : ErrorCode::kFencedMemberEpoch;
}

std::string ConsumerGroup::fault_message(ErrorCode fault, const ConsumerHeartbeat& input) const {
  if (fault == ErrorCode::kUnknownMemberId) {
    return fmt::format("Member {} is not a member of group {}.", input.member_id, id_);
  }
  if (fault == ErrorCode::kFencedMemberEpoch) {
    return fmt::format(
        "Member epoch {} is not {}, which the group knows: the member has lost its partitions and "
        "has to join again.",
        input.epoch, find(input.member_id)->epoch);
  }
  return fmt::format("Instance {} is member {} now, not {}.", input.instance_id,
                     find_static(input.instance_id)->id, input.member_id);
}

proto::ErrorCode ConsumerGroup::member_of(const ConsumerHeartbeat& input, ConsumerMember& member) {
  if (!is_null(input.instance_id)) return static_member_of(input, member);
  const ConsumerMember* known = find(input.member_id);
  if (known == nullptr && input.epoch != 0) return ErrorCode::kUnknownMemberId;
  if (known == nullptr) {
    member.id = input.member_id;
    return ErrorCode::kNone;
  }
  member = *known;
  return check_epoch(member, input);
}

proto::ErrorCode ConsumerGroup::static_member_of(const ConsumerHeartbeat& input,
                                                 ConsumerMember& member) {
  const ConsumerMember* known = find_static(input.instance_id);
  if (input.epoch != 0) {
    if (known == nullptr) return ErrorCode::kUnknownMemberId;
    if (known->id != input.member_id) return ErrorCode::kFencedInstanceId;
    member = *known;
    return check_epoch(member, input);
  }
  if (known == nullptr) {
    if (const ConsumerMember* dynamic = find(input.member_id)) member = *dynamic;
    member.id = input.member_id;
    return ErrorCode::kNone;
  }
  if (known->epoch != kStaticLeaveEpoch && !known->is_classic()) {
    return ErrorCode::kUnreleasedInstanceId;
  }
  const ConsumerMember old_member = *known;
  member = old_member;
  member.id = input.member_id;
  member.epoch = 0;
  member.previous_epoch = 0;
  replace(old_member, member);
  return ErrorCode::kNone;
}

// The new incarnation takes over what the old one had and was to have.
void ConsumerGroup::replace(const ConsumerMember& old_member, const ConsumerMember& new_member) {
  const PartitionSet inherited = target(old_member.id);
  ODK_LOG(debug, "static member returned", kv("group", id_),
          kv("instance", old_member.instance_id.value_or("")));
  timers_.erase(old_member.id);
  if (old_member.id != new_member.id) erase_member(old_member.id);
  put_member(new_member);
  put_target(new_member.id, inherited);
}

void ConsumerGroup::update(const ConsumerMember& before, ConsumerMember& after,
                           const PartitionSet* reported, Now now, const TopicFilter* may_see) {
  // As Kafka's: a group begins with epoch 1, and its first subscription makes it 2.
  if (epoch_.epoch == 0) epoch_.epoch = 1;
  bool bump = before.topics != after.topics || before.regex != after.regex;
  put_member(after);
  if (before.regex != after.regex) drop_unused_regexes();
  if (may_see != nullptr && !after.regex.empty() &&
      resolve_regex(after.regex, false, now, *may_see)) {
    bump = true;
  }
  if (topics_changed_) {
    const bool changed = may_see != nullptr && resolve_all(now, *may_see);
    if (changed || metadata_hash() != epoch_.metadata_hash) bump = true;
    topics_changed_ = may_see == nullptr && !regexes_.empty();
  }
  if (bump) bump_epoch();
  if (epoch_.epoch > target_epoch() && is_time_for_target(now)) compute_target(now);
  reconcile(after, {target_epoch(), &target(after.id), reported},
            [this](const Uuid& topic, int32_t partition) { return is_owned(topic, partition); });
  put_member(after);
}

ConsumerReply ConsumerGroup::heartbeat(const ConsumerHeartbeat& input, Now now) {
  if (members_.size() >= config_.consumer_members_max && find(input.member_id) == nullptr) {
    return refused(ErrorCode::kGroupMaxSizeReached, input,
                   "the consumer group has as many members as it may have");
  }
  ConsumerMember member;
  const ErrorCode fault = member_of(input, member);
  if (fault != ErrorCode::kNone) {
    undo_changes();
    return refused(fault, input, fault_message(fault, input));
  }
  const ConsumerMember before = member;
  apply(input, member);
  update(before, member, input.owned ? &*input.owned : nullptr, now, &input.may_see);
  const ErrorCode error = write_changes();
  if (error != ErrorCode::kNone) {
    resume_sessions(input.member_id, now);
    return refused(error, input, "the group's state cannot be written");
  }
  Timers& timers = timers_[member.id];
  if (member.state != MemberState::kUnrevoked) {
    timers.rebalance.reset();
  } else if (before.state != MemberState::kUnrevoked || before.epoch != member.epoch ||
             !timers.rebalance) {
    timers.rebalance = now.at + member.rebalance_timeout;
  }
  restart_session(member, now);

  ConsumerReply reply;
  reply.member_id = member.id;
  reply.epoch = member.epoch;
  reply.heartbeat_interval = environment_.consumer_times(id_).heartbeat_interval;
  const bool is_full = input.epoch == 0 || (input.rebalance_timeout_ms != -1 && input.owned &&
                                            (input.topics || !is_null(input.regex)));
  const PartitionSet has = partitions_of(member.assigned);
  if (is_full || has != partitions_of(before.assigned)) reply.assignment = has;
  return reply;
}

}  // namespace odradek::broker
