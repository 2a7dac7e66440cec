#include "broker/group/groups.h"

namespace odradek::broker {
namespace {

JoinReply join_error(proto::ErrorCode error, std::string_view member_id) {
  JoinReply reply;
  reply.error = error;
  reply.member_id = member_id;
  return reply;
}

}  // namespace

void Groups::join(const JoinInput& input, Now now, GroupReplies& out) {
  ErrorCode error = ErrorCode::kNone;
  if (input.group_id.empty()) {
    error = ErrorCode::kInvalidGroupId;
  } else if (input.session_timeout < config_.session_timeout_min ||
             input.session_timeout > config_.session_timeout_max) {
    error = ErrorCode::kInvalidSessionTimeout;
  } else if (!input.member_id.empty() && !contains(input.group_id)) {
    error = ErrorCode::kUnknownMemberId;
  } else if (is_full(input.group_id)) {
    error = ErrorCode::kCoordinatorNotAvailable;
  }
  if (error != ErrorCode::kNone) {
    out.joins.emplace_back(input.ticket, join_error(error, input.member_id));
    return;
  }
  Entry& entry = find_or_create(input.group_id, now);
  if (entry.consumer) {
    join_consumer_group(entry, input, now, out);
  } else {
    entry.group->join(input, now, out);
  }
  reschedule(entry);
}

void Groups::sync(const SyncInput& input, Now now, GroupReplies& out) {
  const auto found = groups_.find(input.member.group_id);
  if (found != groups_.end()) {
    if (found->second.consumer) {
      out.syncs.emplace_back(input.ticket, found->second.consumer->sync_classic(input, now));
    } else {
      found->second.group->sync(input, now, out);
    }
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
  const Entry& entry = found->second;
  const ErrorCode error = entry.consumer ? entry.consumer->heartbeat_classic(member, now)
                                         : entry.group->heartbeat(member, now);
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
  if (found->second.consumer) {
    leave_consumer_group(found->second, members, now, out);
  } else {
    found->second.group->leave(members, now, out);
  }
  reschedule(found->second);
  return ErrorCode::kNone;
}

void Groups::tick(Now now, GroupReplies& out) {
  while (!wakes_.empty() && wakes_.begin()->first <= now.at) {
    const auto found = groups_.find(wakes_.begin()->second);
    Entry& entry = found->second;
    if (entry.consumer) {
      remove_members(entry, entry.consumer->expired(now), now, out);
    } else {
      entry.group->tick(now, out);
    }
    reschedule(entry);
  }
}

std::optional<MonotonicTime> Groups::wake_at() const {
  if (wakes_.empty()) return std::nullopt;
  return wakes_.begin()->first;
}

const ClassicGroup* Groups::find(std::string_view group_id) const {
  const auto found = groups_.find(group_id);
  return found == groups_.end() ? nullptr : found->second.group.get();
}

const ConsumerGroup* Groups::find_consumer(std::string_view group_id) const {
  const auto found = groups_.find(group_id);
  return found == groups_.end() ? nullptr : found->second.consumer.get();
}

void Groups::clear(ErrorCode error, GroupReplies& out) {
  for (auto& [id, entry] : groups_) {
    if (entry.group) entry.group->kill(error, out);
  }
  groups_.clear();
  wakes_.clear();
  offsets_.clear();
}

bool Groups::is_full(std::string_view new_group_id) const {
  return groups_.size() >= config_.groups_max && !groups_.contains(new_group_id);
}

Groups::Entry& Groups::find_or_create(std::string_view group_id, Now now) {
  auto found = groups_.find(group_id);
  if (found == groups_.end()) {
    Entry entry;
    entry.group = make_classic(group_id, now);
    found = groups_.emplace(std::string(group_id), std::move(entry)).first;
  }
  return found->second;
}

std::unique_ptr<ClassicGroup> Groups::make_classic(std::string_view group_id, Now now) {
  return std::make_unique<ClassicGroup>(std::string(group_id), config_, environment_, now.wall_ms);
}

std::unique_ptr<ConsumerGroup> Groups::make_consumer(std::string_view group_id) {
  return std::make_unique<ConsumerGroup>(std::string(group_id), config_, environment_);
}

void Groups::reschedule(Entry& entry) {
  const std::optional<MonotonicTime> wake =
      entry.consumer ? entry.consumer->wake_at() : entry.group->wake_at();
  if (entry.scheduled) {
    if (wake && (*entry.scheduled)->first == *wake) return;
    wakes_.erase(*entry.scheduled);
    entry.scheduled.reset();
  }
  if (!wake) return;
  entry.scheduled =
      wakes_.emplace(*wake, entry.consumer ? entry.consumer->id() : entry.group->id());
}

Groups::Entries::iterator Groups::erase(Entries::iterator entry) {
  if (entry->second.scheduled) wakes_.erase(*entry->second.scheduled);
  return groups_.erase(entry);
}

}  // namespace odradek::broker
