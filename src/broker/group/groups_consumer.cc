// Groups of KIP-848 among the others, and groups that change from one protocol to the other.

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "broker/group/groups.h"

namespace odradek::broker {
namespace {

ConsumerReply reply_of(const ConsumerHeartbeat& input, proto::ErrorCode error,
                       std::string message) {
  ConsumerReply reply;
  reply.error = error;
  reply.message = std::move(message);
  reply.member_id = input.member_id;
  reply.epoch = input.epoch;
  return reply;
}

ConsumerReply not_a_consumer_group(const ConsumerHeartbeat& input) {
  return reply_of(input, proto::ErrorCode::kGroupIdNotFound,
                  fmt::format("Consumer group {} not found.", input.group_id));
}

}  // namespace

ConsumerReply Groups::consumer_heartbeat(const ConsumerHeartbeat& input, Now now,
                                         GroupReplies& out) {
  return input.epoch < 0 ? consumer_leave(input, now, out) : consumer_join(input, now, out);
}

ConsumerReply Groups::consumer_leave(const ConsumerHeartbeat& input, Now now, GroupReplies& out) {
  const auto found = groups_.find(input.group_id);
  if (found == groups_.end() || !found->second.consumer) return not_a_consumer_group(input);
  Entry& entry = found->second;
  std::string member_id;
  ErrorCode error = entry.consumer->find_leaving(input, member_id);
  if (error != ErrorCode::kNone) {
    return reply_of(input, error, entry.consumer->fault_message(error, input));
  }
  error = input.epoch == kStaticLeaveEpoch ? entry.consumer->leave_for_now(member_id, now)
                                           : remove_members(entry, {&member_id, 1}, now, out);
  reschedule(entry);
  return reply_of(input, error, error == ErrorCode::kNone ? "" : "the change cannot be written");
}

// Source: GroupMetadataManager.getOrMaybeCreateConsumerGroup.
ConsumerReply Groups::consumer_join(const ConsumerHeartbeat& input, Now now, GroupReplies& out) {
  const auto found = groups_.find(input.group_id);
  if (found != groups_.end() && found->second.consumer) {
    ConsumerReply reply = found->second.consumer->heartbeat(input, now);
    reschedule(found->second);
    return reply;
  }
  if (input.epoch != 0) return not_a_consumer_group(input);
  if (is_full(input.group_id)) {
    return reply_of(input, ErrorCode::kCoordinatorNotAvailable, "there are too many groups");
  }
  auto consumer = make_consumer(input.group_id);
  if (found != groups_.end()) {
    const ClassicGroup& classic = *found->second.group;
    consumer->write_first(classic_group_tombstone(input.group_id));
    const bool is_empty = classic.state() == GroupState::kEmpty;
    const bool may_upgrade = config_.may_upgrade && classic.may_become_consumer_group() &&
                             classic.members().size() <= config_.consumer_members_max;
    if (!is_empty && (!may_upgrade || !consumer->take_over(classic, now))) {
      return not_a_consumer_group(input);
    }
  }
  ConsumerReply reply = consumer->heartbeat(input, now);
  if (reply.error != ErrorCode::kNone) return reply;
  Entry& entry = find_or_create(input.group_id, now);
  if (!entry.group->members().empty()) {
    ODK_LOG(info, "classic group became a consumer group", kv("group", input.group_id));
    entry.group->end_waiting(ErrorCode::kRebalanceInProgress, out);
  }
  entry.group.reset();
  entry.consumer = std::move(consumer);
  reschedule(entry);
  return reply;
}

bool Groups::may_downgrade(const Entry& entry, std::span<const std::string> leaving) const {
  return config_.may_downgrade && entry.consumer->has_only_classic_without(leaving) &&
         entry.consumer->members().size() - leaving.size() <= config_.members_max;
}

// Source: GroupMetadataManager.consumerGroupFenceMembers.
proto::ErrorCode Groups::remove_members(Entry& entry, std::span<const std::string> member_ids,
                                        Now now, GroupReplies& out) {
  if (member_ids.empty() || !may_downgrade(entry, member_ids)) {
    return entry.consumer->remove(member_ids, now);
  }
  const ErrorCode error = downgrade(entry, member_ids, now);
  // Not written: the members stay, and with them the group as it is.
  if (error != ErrorCode::kNone) return entry.consumer->remove(member_ids, now);
  entry.group->rebalance(now, out);
  return error;
}

proto::ErrorCode Groups::downgrade(Entry& entry, std::span<const std::string> leaving, Now now) {
  ConsumerGroup& consumer = *entry.consumer;
  auto classic = make_classic(consumer.id(), now);
  classic->adopt(consumer.classic_members(leaving), consumer.epoch(), now);
  std::vector<GroupRecord> records = consumer.tombstones();
  records.push_back(classic->record());
  const ErrorCode error = write(consumer.id(), records);
  if (error != ErrorCode::kNone) return error;
  ODK_LOG(info, "consumer group became a classic group", kv("group", consumer.id()));
  entry.group = std::move(classic);
  entry.consumer.reset();
  return error;
}

void Groups::join_consumer_group(Entry& entry, const JoinInput& input, Now now, GroupReplies& out) {
  const auto refuse = [&](ErrorCode error) {
    JoinReply reply;
    reply.error = error;
    reply.member_id = input.member_id;
    out.joins.emplace_back(input.ticket, std::move(reply));
  };
  if (entry.consumer->members().empty()) {
    const ErrorCode error = write(input.group_id, entry.consumer->tombstones());
    if (error != ErrorCode::kNone) return refuse(error);
    entry.consumer.reset();
    entry.group = make_classic(input.group_id, now);
    return entry.group->join(input, now, out);
  }
  // Source: throwIfClassicMemberCannotJoinConsumerGroup.
  if (!config_.may_upgrade && !config_.may_downgrade) {
    return refuse(ErrorCode::kInconsistentGroupProtocol);
  }
  const bool replaces =
      !is_null(input.instance_id) && entry.consumer->find_static(input.instance_id) != nullptr;
  JoinReply reply = entry.consumer->join_classic(input, now);
  // A static member came back with the classic protocol, and was the last one of the other.
  if (reply.error == ErrorCode::kNone && replaces && may_downgrade(entry, {})) {
    if (const ErrorCode error = downgrade(entry, {}, now); error != ErrorCode::kNone) {
      ODK_LOG(warn, "consumer group stays one", kv("group", input.group_id),
              kv("error", proto::error_name(error)));
    }
  }
  out.joins.emplace_back(input.ticket, std::move(reply));
}

void Groups::leave_consumer_group(Entry& entry, std::span<LeavingMember> members, Now now,
                                  GroupReplies& out) {
  std::vector<std::string> leaving;
  std::vector<LeavingMember*> found;
  for (LeavingMember& member : members) {
    std::string id;
    member.error = entry.consumer->find_leaving(member, id);
    if (member.error != ErrorCode::kNone) continue;
    found.push_back(&member);
    if (std::ranges::count(leaving, id) > 0) continue;
    leaving.push_back(std::move(id));
  }
  const ErrorCode error = remove_members(entry, leaving, now, out);
  for (LeavingMember* member : found) member->error = error;
}

void Groups::topics_changed() {
  for (auto& [id, entry] : groups_) {
    if (entry.consumer) entry.consumer->topics_changed();
  }
}

}  // namespace odradek::broker
