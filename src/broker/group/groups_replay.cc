// What was written before a restart. Source: GroupCoordinatorShard.replay of Kafka 4.

#include "broker/group/groups.h"
#include "broker/group/record_coding.h"
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
    default: return {};  // of a kind of group that this broker does not have
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
    if (found != groups_.end()) erase(found);
    return {};
  }
  Entry& entry = find_or_create(key.group, now);
  ODK_TRY_VOID(entry.group->restore(value, now));
  reschedule(entry);
  return {};
}

}  // namespace odradek::broker
