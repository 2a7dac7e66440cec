// Committed offsets: commit, deletion, and the end of their time.

#include <algorithm>
#include <iterator>
#include <set>

#include "base/log.h"
#include "broker/group/groups.h"
#include "broker/group/offset_record.h"

namespace odradek::broker {
namespace {

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

bool is_empty(const ClassicGroup* classic, const ConsumerGroup* consumer) {
  return consumer != nullptr ? consumer->members().empty() : classic->state() == GroupState::kEmpty;
}

bool is_in_use(const ClassicGroup* classic, const ConsumerGroup* consumer, std::string_view topic) {
  if (is_empty(classic, consumer)) return false;
  return consumer != nullptr ? consumer->is_subscribed_to(topic) : classic->is_subscribed_to(topic);
}

std::vector<GroupRecord> tombstones_of(std::string_view group_id, const ConsumerGroup* consumer) {
  if (consumer != nullptr) return consumer->tombstones();
  return {classic_group_tombstone(group_id)};
}

// Where a group has a committed offset, or one of an open transaction.
std::set<std::pair<std::string, int32_t>> known_offsets(const OffsetTable& offsets,
                                                        std::string_view group_id) {
  std::set<std::pair<std::string, int32_t>> known;
  for (const auto& [topic, partitions] : offsets.of(group_id)) {
    for (const auto& [partition, offset] : partitions) known.emplace(topic, partition);
  }
  for (const auto& [topic, partitions] : offsets.pending_of(group_id)) {
    for (const auto& [partition, count] : partitions) known.emplace(topic, partition);
  }
  return known;
}

}  // namespace

proto::ErrorCode Groups::begin_commit(const MemberRef& member, CommitRules rules, Now now) {
  const auto found = groups_.find(member.group_id);
  if (found == groups_.end()) {
    if (member.generation >= 0) {
      return rules.knows_epochs ? ErrorCode::kGroupIdNotFound : ErrorCode::kIllegalGeneration;
    }
    if (is_full(member.group_id)) return ErrorCode::kCoordinatorNotAvailable;
    find_or_create(member.group_id, now);
    return ErrorCode::kNone;
  }
  if (const ConsumerGroup* consumer = found->second.consumer.get()) {
    const ErrorCode error = consumer->check_commit(member, rules);
    // Each partition is asked for by itself: see check_partition().
    const bool may_have_moved_on =
        error == ErrorCode::kStaleMemberEpoch && consumer->find(member.member_id) != nullptr;
    return may_have_moved_on ? ErrorCode::kNone : error;
  }
  const ErrorCode error = found->second.group->check_commit(member, rules, now);
  reschedule(found->second);
  return error;
}

proto::ErrorCode Groups::check_partition(const MemberRef& member, const Uuid& topic,
                                         int32_t partition) const {
  const ConsumerGroup* group = find_consumer(member.group_id);
  if (group == nullptr) return ErrorCode::kNone;
  CommitRules rules;
  rules.knows_epochs = true;
  const ErrorCode error = group->check_commit(member, rules);
  if (error != ErrorCode::kStaleMemberEpoch) return ErrorCode::kNone;
  return group->owned_in_epoch(member, topic, partition) ? ErrorCode::kNone : error;
}

proto::ErrorCode Groups::check_fetch(std::string_view group_id, std::string_view member_id,
                                     int32_t epoch) const {
  const ConsumerGroup* group = find_consumer(group_id);
  return group == nullptr ? ErrorCode::kNone : group->check_fetch(member_id, epoch);
}

proto::ErrorCode Groups::commit(std::string_view group_id, std::span<OffsetToCommit> offsets,
                                TransactionOwner owner) {
  std::vector<GroupRecord> records;
  records.reserve(offsets.size());
  for (const OffsetToCommit& each : offsets) {
    records.push_back(offset_record(group_id, each.topic, each.partition, each.offset));
  }
  const ErrorCode error = environment_.append(group_id, records, owner);
  if (error != ErrorCode::kNone) return error;
  const int32_t log_partition = owner.is_set() ? environment_.partition_of(group_id) : 0;
  for (OffsetToCommit& each : offsets) {
    if (owner.is_set()) {
      offsets_.set_pending(log_partition, owner, group_id, each.topic, each.partition,
                           std::move(each.offset));
    } else {
      offsets_.set(group_id, each.topic, each.partition, std::move(each.offset));
    }
  }
  return ErrorCode::kNone;
}

void Groups::end_transaction(int32_t log_partition, int64_t producer_id, bool committed) {
  offsets_.end_transaction(log_partition, producer_id, committed);
}

proto::ErrorCode Groups::write(std::string_view group_id, std::span<const GroupRecord> records) {
  if (records.empty()) return ErrorCode::kNone;
  return environment_.append(group_id, records, {});
}

proto::ErrorCode Groups::remove(std::string_view group_id) {
  const auto found = groups_.find(group_id);
  if (found == groups_.end()) return ErrorCode::kGroupIdNotFound;
  const ConsumerGroup* consumer = found->second.consumer.get();
  if (!is_empty(found->second.group.get(), consumer)) return ErrorCode::kNonEmptyGroup;
  std::vector<GroupRecord> records;
  for (const auto& [topic, partition] : known_offsets(offsets_, group_id)) {
    records.push_back(offset_tombstone(group_id, topic, partition));
  }
  std::ranges::move(tombstones_of(group_id, consumer), std::back_inserter(records));
  const ErrorCode error = write(group_id, records);
  if (error != ErrorCode::kNone) return error;
  offsets_.erase_group(group_id);
  erase(found);
  return ErrorCode::kNone;
}

proto::ErrorCode Groups::check_offset_delete(std::string_view group_id) const {
  if (group_id.empty()) return ErrorCode::kInvalidGroupId;
  if (find_consumer(group_id) != nullptr) return ErrorCode::kNone;
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
  if (is_in_use(found->second.group.get(), found->second.consumer.get(), topic)) {
    return ErrorCode::kGroupSubscribedToTopic;
  }
  if (offsets_.find(group_id, topic, partition) == nullptr &&
      !offsets_.is_pending(group_id, topic, partition)) {
    return ErrorCode::kNone;
  }
  const GroupRecord tombstone = offset_tombstone(group_id, topic, partition);
  const ErrorCode error = write(group_id, {&tombstone, 1});
  if (error == ErrorCode::kNone) offsets_.erase(group_id, topic, partition);
  return error;
}

void Groups::topic_deleted(std::string_view topic) {
  for (const auto& [id, entry] : groups_) {
    std::vector<int32_t> partitions;
    std::vector<GroupRecord> records;
    for (const auto& [name, partition] : known_offsets(offsets_, id)) {
      if (name != topic) continue;
      partitions.push_back(partition);
      records.push_back(offset_tombstone(id, topic, partition));
    }
    // The topic is gone whether or not this can be written.
    if (const ErrorCode error = write(id, records); error != ErrorCode::kNone) {
      ODK_LOG(warn, "offsets of a deleted topic stay in the log", kv("group", id),
              kv("topic", topic), kv("error", proto::error_name(error)));
    }
    for (const int32_t partition : partitions) offsets_.erase(id, topic, partition);
  }
}

void Groups::expire_offsets_of(const std::string& group_id, const Entry& entry,
                               TimestampMs now_ms) {
  const ConsumerGroup* consumer = entry.consumer.get();
  std::vector<GroupRecord> records;
  std::vector<std::pair<std::string, int32_t>> gone;
  for (const auto& [topic, partitions] : offsets_.of(group_id)) {
    if (is_in_use(entry.group.get(), consumer, topic)) continue;
    for (const auto& [partition, offset] : partitions) {
      const std::optional<TimestampMs> since =
          consumer != nullptr ? offset.committed_ms : unused_since(*entry.group, offset);
      if (!since || !expired(offset, *since, now_ms, config_.offsets_retention)) continue;
      if (offsets_.is_pending(group_id, topic, partition)) continue;
      gone.emplace_back(topic, partition);
      records.push_back(offset_tombstone(group_id, topic, partition));
    }
  }
  if (write(group_id, records) != ErrorCode::kNone) return;
  for (const auto& [topic, partition] : gone) offsets_.erase(group_id, topic, partition);
}

void Groups::expire_offsets(TimestampMs now_ms) {
  for (auto entry = groups_.begin(); entry != groups_.end();) {
    const std::string& id = entry->first;
    const ConsumerGroup* consumer = entry->second.consumer.get();
    expire_offsets_of(id, entry->second, now_ms);
    const bool without_members =
        consumer != nullptr ? consumer->members().empty() : entry->second.group->is_removable();
    const bool unused = without_members && offsets_.of(id).empty() && !offsets_.has_pending(id) &&
                        write(id, tombstones_of(id, consumer)) == ErrorCode::kNone;
    if (unused) ODK_LOG(debug, "empty group forgotten", kv("group", id));
    entry = unused ? erase(entry) : std::next(entry);
  }
}

}  // namespace odradek::broker
