#include "broker/group/groups.h"

#include "base/log.h"

namespace odradek::broker {
namespace {

JoinReply join_error(proto::ErrorCode error, std::string_view member_id) {
  JoinReply reply;
  reply.error = error;
  reply.member_id = member_id;
  return reply;
}

bool expired(const CommittedOffset& offset, TimestampMs base_ms, TimestampMs now_ms,
             Duration retention) {
  if (offset.expires_ms) return now_ms >= *offset.expires_ms;
  const auto retention_ms = std::chrono::duration_cast<std::chrono::milliseconds>(retention);
  return now_ms - base_ms >= retention_ms.count();
}

// Since when a group's offsets count as unused; nothing while they are in use.
std::optional<TimestampMs> unused_since(const ClassicGroup& group, const CommittedOffset& offset) {
  if (!group.protocol_type()) return offset.committed_ms;  // a group of self-assigned consumers
  if (group.state() == GroupState::kEmpty) return group.state_since_ms();
  if (group.uses_consumer_protocol() && group.state() == GroupState::kStable) {
    return offset.committed_ms;
  }
  return std::nullopt;
}

}  // namespace

void Groups::join(const JoinInput& input, Now now, GroupReplies& out) {
  ErrorCode error = ErrorCode::kNone;
  if (input.group_id.empty()) {
    error = ErrorCode::kInvalidGroupId;
  } else if (input.session_timeout < config_.session_timeout_min ||
             input.session_timeout > config_.session_timeout_max) {
    error = ErrorCode::kInvalidSessionTimeout;
  } else if (!input.member_id.empty() && find(input.group_id) == nullptr) {
    error = ErrorCode::kUnknownMemberId;
  } else if (is_full(input.group_id)) {
    error = ErrorCode::kCoordinatorNotAvailable;
  }
  if (error != ErrorCode::kNone) {
    out.joins.emplace_back(input.ticket, join_error(error, input.member_id));
    return;
  }
  Entry& entry = find_or_create(input.group_id, now);
  entry.group->join(input, now, out);
  reschedule(entry);
}

void Groups::sync(const SyncInput& input, Now now, GroupReplies& out) {
  const auto found = groups_.find(input.member.group_id);
  if (found != groups_.end()) {
    found->second.group->sync(input, now, out);
    reschedule(found->second);
    return;
  }
  SyncReply reply;
  reply.error =
      input.member.group_id.empty() ? ErrorCode::kInvalidGroupId : ErrorCode::kUnknownMemberId;
  out.syncs.emplace_back(input.ticket, std::move(reply));
}

proto::ErrorCode Groups::heartbeat(const MemberRef& member, Now now) {
  if (member.group_id.empty()) return ErrorCode::kInvalidGroupId;
  const auto found = groups_.find(member.group_id);
  if (found == groups_.end()) return ErrorCode::kUnknownMemberId;
  const ErrorCode error = found->second.group->heartbeat(member, now);
  reschedule(found->second);
  return error;
}

proto::ErrorCode Groups::leave(std::string_view group_id, std::span<LeavingMember> members, Now now,
                               GroupReplies& out) {
  if (group_id.empty()) return ErrorCode::kInvalidGroupId;
  const auto found = groups_.find(group_id);
  if (found == groups_.end()) {
    for (LeavingMember& member : members) member.error = ErrorCode::kUnknownMemberId;
    return ErrorCode::kNone;
  }
  found->second.group->leave(members, now, out);
  reschedule(found->second);
  return ErrorCode::kNone;
}

void Groups::tick(Now now, GroupReplies& out) {
  while (!wakes_.empty() && wakes_.begin()->first <= now.at) {
    const auto found = groups_.find(wakes_.begin()->second);
    found->second.group->tick(now, out);
    reschedule(found->second);
  }
}

std::optional<MonotonicTime> Groups::wake_at() const {
  if (wakes_.empty()) return std::nullopt;
  return wakes_.begin()->first;
}

proto::ErrorCode Groups::begin_commit(const MemberRef& member, bool names_missing_groups, Now now) {
  const auto found = groups_.find(member.group_id);
  if (found == groups_.end()) {
    if (member.generation >= 0) {
      return names_missing_groups ? ErrorCode::kGroupIdNotFound : ErrorCode::kIllegalGeneration;
    }
    if (is_full(member.group_id)) return ErrorCode::kCoordinatorNotAvailable;
    find_or_create(member.group_id, now);
    return ErrorCode::kNone;
  }
  const ErrorCode error = found->second.group->check_commit(member, now);
  reschedule(found->second);
  return error;
}

proto::ErrorCode Groups::commit(std::string_view group_id, std::string_view topic,
                                int32_t partition, CommittedOffset offset) {
  if (offset.metadata.size() > config_.offset_metadata_bytes_max) {
    return ErrorCode::kOffsetMetadataTooLarge;
  }
  const auto found = groups_.find(group_id);
  if (found == groups_.end()) return ErrorCode::kGroupIdNotFound;
  ClassicGroup::Offsets& offsets = found->second.group->offsets();
  auto topic_offsets = offsets.find(topic);
  if (topic_offsets == offsets.end()) {
    topic_offsets = offsets.emplace(std::string(topic), std::map<int32_t, CommittedOffset>()).first;
  }
  topic_offsets->second.insert_or_assign(partition, std::move(offset));
  return ErrorCode::kNone;
}

const ClassicGroup* Groups::find(std::string_view group_id) const {
  const auto found = groups_.find(group_id);
  return found == groups_.end() ? nullptr : found->second.group.get();
}

proto::ErrorCode Groups::remove(std::string_view group_id) {
  const auto found = groups_.find(group_id);
  if (found == groups_.end()) return ErrorCode::kGroupIdNotFound;
  if (found->second.group->state() != GroupState::kEmpty) return ErrorCode::kNonEmptyGroup;
  erase(found);
  return ErrorCode::kNone;
}

proto::ErrorCode Groups::check_offset_delete(std::string_view group_id) const {
  if (group_id.empty()) return ErrorCode::kInvalidGroupId;
  const ClassicGroup* group = find(group_id);
  if (group == nullptr) return ErrorCode::kGroupIdNotFound;
  if (group->state() != GroupState::kEmpty && !group->uses_consumer_protocol()) {
    return ErrorCode::kNonEmptyGroup;
  }
  return ErrorCode::kNone;
}

proto::ErrorCode Groups::delete_offset(std::string_view group_id, std::string_view topic,
                                       int32_t partition) {
  const auto found = groups_.find(group_id);
  if (found == groups_.end()) return ErrorCode::kGroupIdNotFound;
  ClassicGroup& group = *found->second.group;
  if (group.state() != GroupState::kEmpty && group.is_subscribed_to(topic)) {
    return ErrorCode::kGroupSubscribedToTopic;
  }
  const auto topic_offsets = group.offsets().find(topic);
  if (topic_offsets == group.offsets().end()) return ErrorCode::kNone;
  topic_offsets->second.erase(partition);
  if (topic_offsets->second.empty()) group.offsets().erase(topic_offsets);
  return ErrorCode::kNone;
}

void Groups::topic_deleted(std::string_view topic) {
  for (auto& [id, entry] : groups_) {
    const auto offsets = entry.group->offsets().find(topic);
    if (offsets != entry.group->offsets().end()) entry.group->offsets().erase(offsets);
  }
}

void Groups::expire_offsets(TimestampMs now_ms) {
  for (auto entry = groups_.begin(); entry != groups_.end();) {
    ClassicGroup& group = *entry->second.group;
    for (auto& [topic, partitions] : group.offsets()) {
      if (group.state() != GroupState::kEmpty && group.is_subscribed_to(topic)) continue;
      std::erase_if(partitions, [&](const auto& item) {
        const std::optional<TimestampMs> since = unused_since(group, item.second);
        return since && expired(item.second, *since, now_ms, config_.offsets_retention);
      });
    }
    std::erase_if(group.offsets(), [](const auto& item) { return item.second.empty(); });
    const bool unused = group.is_removable() && group.offsets().empty();
    if (unused) ODK_LOG(debug, "empty group forgotten", kv("group", group.id()));
    entry = unused ? erase(entry) : std::next(entry);
  }
}

void Groups::clear(ErrorCode error, GroupReplies& out) {
  for (auto& [id, entry] : groups_) entry.group->kill(error, out);
  groups_.clear();
  wakes_.clear();
}

bool Groups::is_full(std::string_view new_group_id) const {
  return groups_.size() >= config_.groups_max && !groups_.contains(new_group_id);
}

Groups::Entry& Groups::find_or_create(std::string_view group_id, Now now) {
  auto found = groups_.find(group_id);
  if (found == groups_.end()) {
    Entry entry;
    entry.group = std::make_unique<ClassicGroup>(std::string(group_id), config_, now.wall_ms);
    found = groups_.emplace(std::string(group_id), std::move(entry)).first;
  }
  return found->second;
}

void Groups::reschedule(Entry& entry) {
  const std::optional<MonotonicTime> wake = entry.group->wake_at();
  if (entry.scheduled) {
    if (wake && (*entry.scheduled)->first == *wake) return;
    wakes_.erase(*entry.scheduled);
    entry.scheduled.reset();
  }
  if (wake) entry.scheduled = wakes_.emplace(*wake, entry.group->id());
}

Groups::Entries::iterator Groups::erase(Entries::iterator entry) {
  if (entry->second.scheduled) wakes_.erase(*entry->second.scheduled);
  return groups_.erase(entry);
}

}  // namespace odradek::broker
