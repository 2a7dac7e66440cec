// What was written before a restart. Source: GroupCoordinatorShard.replay of Kafka 4.

#include "broker/group/groups.h"
#include "broker/group/record_coding.h"
#include "proto/messages/consumer_group_current_member_assignment_key.h"
#include "proto/messages/consumer_group_member_metadata_key.h"
#include "proto/messages/consumer_group_metadata_key.h"
#include "proto/messages/consumer_group_regular_expression_key.h"
#include "proto/messages/consumer_group_target_assignment_member_key.h"
#include "proto/messages/consumer_group_target_assignment_metadata_key.h"
#include "proto/messages/group_metadata_key.h"
#include "proto/messages/offset_commit_key.h"
#include "proto/messages/offset_commit_value.h"

namespace odradek::broker {
namespace {

constexpr int16_t kLegacyOffsetKey = 0;

template <class Key>
Result<void> decode_key(Bytes bytes, Arena& arena, Key& out) {
  return decode_prefixed(bytes, 0, arena, out);
}

}  // namespace

Result<void> Groups::replay(int32_t log_partition, Bytes key, Bytes value, TransactionOwner owner,
                            Now now) {
  Arena arena(proto::decode_budget_bytes(key.size()));
  wire::Reader reader(key, arena);
  const int16_t type = reader.i16();
  if (!reader.ok()) return reader.status();
  switch (type) {
    case kLegacyOffsetKey:
    case proto::OffsetCommitKey::kRecordType:
      return replay_offset(log_partition, key, value, owner, now);
    case proto::GroupMetadataKey::kRecordType: return replay_classic(key, value, now);
    default: return replay_consumer(type, key, value, now);
  }
}

// Source: GroupMetadataManager.replay of the ConsumerGroup* records.
Result<void> Groups::replay_consumer(int16_t type, Bytes key_bytes, Bytes value, Now now) {
  Arena arena(proto::decode_budget_bytes(key_bytes.size()));
  std::string_view group_id;
  std::string_view second;  // member id or expression
  switch (type) {
    case proto::ConsumerGroupMetadataKey::kRecordType:
    case proto::ConsumerGroupTargetAssignmentMetadataKey::kRecordType: {
      proto::ConsumerGroupMetadataKey key;
      ODK_TRY_VOID(decode_key(key_bytes, arena, key));
      group_id = key.group_id;
      break;
    }
    case proto::ConsumerGroupMemberMetadataKey::kRecordType:
    case proto::ConsumerGroupTargetAssignmentMemberKey::kRecordType:
    case proto::ConsumerGroupCurrentMemberAssignmentKey::kRecordType: {
      proto::ConsumerGroupMemberMetadataKey key;
      ODK_TRY_VOID(decode_key(key_bytes, arena, key));
      group_id = key.group_id;
      second = key.member_id;
      break;
    }
    case proto::ConsumerGroupRegularExpressionKey::kRecordType: {
      proto::ConsumerGroupRegularExpressionKey key;
      ODK_TRY_VOID(decode_key(key_bytes, arena, key));
      group_id = key.group_id;
      second = key.regular_expression;
      break;
    }
    default: return {};  // of a kind of group that this broker does not have
  }
  const auto found = groups_.find(group_id);
  const bool exists = found != groups_.end() && found->second.consumer != nullptr;
  if (is_null(value) && !exists) return {};
  if (is_null(value) && type == proto::ConsumerGroupMetadataKey::kRecordType) {
    erase(found);
    return {};
  }
  Entry& entry = find_or_create(group_id, now);
  if (!entry.consumer) {
    entry.consumer = make_consumer(group_id);
    entry.group.reset();
  }
  ConsumerGroup& group = *entry.consumer;
  switch (type) {
    case proto::ConsumerGroupMetadataKey::kRecordType: return group.replay_epoch(value);
    case proto::ConsumerGroupTargetAssignmentMetadataKey::kRecordType:
      return group.replay_target_epoch(value);
    case proto::ConsumerGroupMemberMetadataKey::kRecordType:
      return group.replay_member(second, value);
    case proto::ConsumerGroupTargetAssignmentMemberKey::kRecordType:
      return group.replay_target(second, value);
    case proto::ConsumerGroupCurrentMemberAssignmentKey::kRecordType:
      return group.replay_current(second, value);
    default: return group.replay_regex(second, value);
  }
}

void Groups::replayed(Now now) {
  for (auto& [id, entry] : groups_) {
    if (entry.consumer) entry.consumer->replayed(now);
    reschedule(entry);
  }
}

Result<void> Groups::replay_offset(int32_t log_partition, Bytes key_bytes, Bytes value_bytes,
                                   TransactionOwner owner, Now now) {
  Arena arena(proto::decode_budget_bytes(key_bytes.size() + value_bytes.size()));
  proto::OffsetCommitKey key;
  ODK_TRY_VOID(decode_key(key_bytes, arena, key));
  if (is_null(value_bytes)) {
    offsets_.erase(key.group, key.topic, key.partition);
    return {};
  }
  proto::OffsetCommitValue value;
  ODK_TRY_VOID(decode_value(value_bytes, arena, value));
  CommittedOffset offset;
  offset.offset = value.offset;
  offset.leader_epoch = value.leader_epoch;
  offset.metadata = value.metadata;
  offset.committed_ms = value.commit_timestamp;
  if (value.expire_timestamp >= 0) offset.expires_ms = value.expire_timestamp;
  offset.topic_id = value.topic_id;
  find_or_create(key.group, now);
  if (owner.is_set()) {
    offsets_.set_pending(log_partition, owner, key.group, key.topic, key.partition,
                         std::move(offset));
  } else {
    offsets_.set(key.group, key.topic, key.partition, std::move(offset));
  }
  return {};
}

Result<void> Groups::replay_classic(Bytes key_bytes, Bytes value, Now now) {
  Arena arena(proto::decode_budget_bytes(key_bytes.size()));
  proto::GroupMetadataKey key;
  ODK_TRY_VOID(decode_key(key_bytes, arena, key));
  if (is_null(value)) {
    const auto found = groups_.find(key.group);
    if (found != groups_.end() && found->second.group) erase(found);
    return {};
  }
  Entry& entry = find_or_create(key.group, now);
  if (!entry.group) {
    entry.group = make_classic(key.group, now);
    entry.consumer.reset();
  }
  ODK_TRY_VOID(entry.group->restore(value, now));
  reschedule(entry);
  return {};
}

}  // namespace odradek::broker
