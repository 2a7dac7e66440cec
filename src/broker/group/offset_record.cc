#include "broker/group/offset_record.h"

#include "broker/group/record_coding.h"
#include "proto/messages/offset_commit_key.h"
#include "proto/messages/offset_commit_value.h"

namespace odradek::broker {
namespace {

// Only this version says when an offset expires; the latest knows the topic's id.
constexpr int16_t kExpiringVersion = 1;
constexpr int16_t kVersion = 4;

std::string key_of(std::string_view group_id, std::string_view topic, int32_t partition) {
  proto::OffsetCommitKey key;
  key.group = group_id;
  key.topic = topic;
  key.partition = partition;
  return record_key(key);
}

}  // namespace

GroupRecord offset_record(std::string_view group_id, std::string_view topic, int32_t partition,
                          const CommittedOffset& offset) {
  proto::OffsetCommitValue value;
  value.offset = offset.offset;
  value.leader_epoch = offset.leader_epoch;
  value.metadata = offset.metadata;
  value.commit_timestamp = offset.committed_ms;
  value.expire_timestamp = offset.expires_ms.value_or(-1);
  value.topic_id = offset.topic_id;
  return {key_of(group_id, topic, partition),
          record_value(offset.expires_ms ? kExpiringVersion : kVersion, value)};
}

GroupRecord offset_tombstone(std::string_view group_id, std::string_view topic, int32_t partition) {
  return {key_of(group_id, topic, partition), std::nullopt};
}

}  // namespace odradek::broker
