#include "broker/group/consumer_record.h"

#include <vector>

#include "broker/group/record_coding.h"
#include "proto/array_of.h"
#include "proto/messages/consumer_group_current_member_assignment_key.h"
#include "proto/messages/consumer_group_current_member_assignment_value.h"
#include "proto/messages/consumer_group_member_metadata_key.h"
#include "proto/messages/consumer_group_member_metadata_value.h"
#include "proto/messages/consumer_group_metadata_key.h"
#include "proto/messages/consumer_group_metadata_value.h"
#include "proto/messages/consumer_group_regular_expression_key.h"
#include "proto/messages/consumer_group_regular_expression_value.h"
#include "proto/messages/consumer_group_target_assignment_member_key.h"
#include "proto/messages/consumer_group_target_assignment_member_value.h"
#include "proto/messages/consumer_group_target_assignment_metadata_key.h"
#include "proto/messages/consumer_group_target_assignment_metadata_value.h"

namespace odradek::broker {
namespace {

using std::chrono::milliseconds;

int32_t ms_of(Duration duration) {
  return static_cast<int32_t>(std::chrono::duration_cast<milliseconds>(duration).count());
}

std::string_view view_of(const std::optional<std::string>& text) {
  return text ? std::string_view(*text) : std::string_view();
}

std::optional<std::string> text_of(std::string_view view) {
  if (is_null(view)) return std::nullopt;
  return std::string(view);
}

template <class Key>
std::string member_key(std::string_view group, std::string_view member) {
  Key key;
  key.group_id = group;
  key.member_id = member;
  return record_key(key);
}

template <class Key>
std::string group_key(std::string_view group) {
  Key key;
  key.group_id = group;
  return record_key(key);
}

using Current = proto::ConsumerGroupCurrentMemberAssignmentValue;

std::span<Current::TopicPartitions> write_owned(const OwnedPartitions& owned, Arena& arena) {
  const auto written = arena.array<Current::TopicPartitions>(owned.size());
  size_t next = 0;
  for (const auto& [topic, partitions] : owned) {
    Current::TopicPartitions& each = written[next++];
    each.topic_id = topic;
    each.partitions = arena.array<int32_t>(partitions.size());
    each.assignment_epochs = arena.array<int32_t>(partitions.size());
    size_t at = 0;
    for (const auto& [partition, epoch] : partitions) {
      each.partitions[at] = partition;
      each.assignment_epochs[at++] = epoch;
    }
  }
  return written;
}

OwnedPartitions read_owned(std::span<Current::TopicPartitions> written, int32_t member_epoch) {
  OwnedPartitions owned;
  for (const Current::TopicPartitions& topic : written) {
    const bool has_epochs = topic.assignment_epochs.size() == topic.partitions.size();
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      owned[topic.topic_id][topic.partitions[i]] =
          has_epochs ? topic.assignment_epochs[i] : member_epoch;
    }
  }
  return owned;
}

}  // namespace

GroupRecord epoch_record(std::string_view group, const EpochValue* value) {
  GroupRecord record{group_key<proto::ConsumerGroupMetadataKey>(group), {}};
  if (value == nullptr) return record;
  proto::ConsumerGroupMetadataValue message;
  message.epoch = value->epoch;
  message.metadata_hash = value->metadata_hash;
  record.value = record_value(0, message);
  return record;
}

GroupRecord member_record(std::string_view group, std::string_view member,
                          const ConsumerMember* value) {
  GroupRecord record{member_key<proto::ConsumerGroupMemberMetadataKey>(group, member), {}};
  if (value == nullptr) return record;
  using Value = proto::ConsumerGroupMemberMetadataValue;
  Value message;
  message.instance_id = view_of(value->instance_id);
  message.rack_id = view_of(value->rack_id);
  message.client_id = value->client_id;
  message.client_host = value->client_host;
  std::vector<std::string_view> topics(value->topics.begin(), value->topics.end());
  message.subscribed_topic_names = proto::array_of(topics);
  message.subscribed_topic_regex = value->regex;
  message.rebalance_timeout_ms = ms_of(value->rebalance_timeout);
  message.server_assignor = view_of(value->assignor);
  Value::ClassicMemberMetadata classic;
  std::vector<Value::ClassicProtocol> protocols;
  if (value->classic) {
    classic.session_timeout_ms = ms_of(value->classic->session_timeout);
    for (const auto& [name, metadata] : value->classic->protocols) {
      Value::ClassicProtocol& each = protocols.emplace_back();
      each.name = name;
      each.metadata = as_bytes(metadata);
    }
    classic.supported_protocols = proto::array_of(protocols);
    message.classic_member_metadata = &classic;
  }
  record.value = record_value(0, message);
  return record;
}

GroupRecord current_record(std::string_view group, std::string_view member,
                           const ConsumerMember* value) {
  GroupRecord record{member_key<proto::ConsumerGroupCurrentMemberAssignmentKey>(group, member), {}};
  if (value == nullptr) return record;
  Arena arena;
  Current message;
  message.member_epoch = value->epoch;
  message.previous_member_epoch = value->previous_epoch;
  message.state = static_cast<int8_t>(value->state);
  message.assigned_partitions = write_owned(value->assigned, arena);
  message.partitions_pending_revocation = write_owned(value->revoking, arena);
  record.value = record_value(0, message);
  return record;
}

GroupRecord target_epoch_record(std::string_view group, const TargetEpoch* value) {
  GroupRecord record{group_key<proto::ConsumerGroupTargetAssignmentMetadataKey>(group), {}};
  if (value == nullptr) return record;
  proto::ConsumerGroupTargetAssignmentMetadataValue message;
  message.assignment_epoch = value->epoch;
  message.assignment_timestamp = value->made_ms;
  record.value = record_value(0, message);
  return record;
}

GroupRecord target_record(std::string_view group, std::string_view member,
                          const PartitionSet* value) {
  GroupRecord record{member_key<proto::ConsumerGroupTargetAssignmentMemberKey>(group, member), {}};
  if (value == nullptr) return record;
  using Value = proto::ConsumerGroupTargetAssignmentMemberValue;
  Arena arena;
  Value message;
  message.topic_partitions = arena.array<Value::TopicPartition>(value->size());
  size_t next = 0;
  for (const auto& [topic, partitions] : *value) {
    Value::TopicPartition& each = message.topic_partitions[next++];
    each.topic_id = topic;
    each.partitions = arena.array<int32_t>(partitions.size());
    std::ranges::copy(partitions, each.partitions.begin());
  }
  record.value = record_value(0, message);
  return record;
}

GroupRecord regex_record(std::string_view group, std::string_view regex,
                         const ResolvedRegex* value) {
  proto::ConsumerGroupRegularExpressionKey key;
  key.group_id = group;
  key.regular_expression = regex;
  GroupRecord record{record_key(key), {}};
  if (value == nullptr) return record;
  proto::ConsumerGroupRegularExpressionValue message;
  std::vector<std::string_view> topics(value->topics.begin(), value->topics.end());
  message.topics = proto::array_of(topics);
  message.version = value->version;
  message.timestamp = value->resolved_ms;
  record.value = record_value(0, message);
  return record;
}

Result<EpochValue> read_epoch(Bytes value) {
  Arena arena(proto::decode_budget_bytes(value.size()));
  proto::ConsumerGroupMetadataValue message;
  ODK_TRY_VOID(decode_value(value, arena, message));
  return EpochValue{message.epoch, message.metadata_hash};
}

Result<void> read_member(Bytes value, ConsumerMember& into) {
  Arena arena(proto::decode_budget_bytes(value.size()));
  proto::ConsumerGroupMemberMetadataValue message;
  ODK_TRY_VOID(decode_value(value, arena, message));
  into.instance_id = text_of(message.instance_id);
  into.rack_id = text_of(message.rack_id);
  into.client_id = message.client_id;
  into.client_host = message.client_host;
  into.topics.clear();
  for (const std::string_view topic : message.subscribed_topic_names) into.topics.emplace(topic);
  into.regex = message.subscribed_topic_regex;
  into.rebalance_timeout = milliseconds(message.rebalance_timeout_ms);
  into.assignor = text_of(message.server_assignor);
  into.classic.reset();
  if (message.classic_member_metadata == nullptr) return {};
  ClassicPart& classic = into.classic.emplace();
  classic.session_timeout = milliseconds(message.classic_member_metadata->session_timeout_ms);
  for (const auto& protocol : message.classic_member_metadata->supported_protocols) {
    classic.protocols.emplace_back(protocol.name, as_text(protocol.metadata));
  }
  return {};
}

Result<void> read_current(Bytes value, ConsumerMember& into) {
  Arena arena(proto::decode_budget_bytes(value.size()));
  Current message;
  ODK_TRY_VOID(decode_value(value, arena, message));
  into.epoch = message.member_epoch;
  into.previous_epoch = message.previous_member_epoch;
  const bool known = message.state >= 0 && message.state <= 2;
  into.state = known ? static_cast<MemberState>(message.state) : MemberState::kUnreleased;
  into.assigned = read_owned(message.assigned_partitions, message.member_epoch);
  into.revoking = read_owned(message.partitions_pending_revocation, message.member_epoch);
  return {};
}

Result<TargetEpoch> read_target_epoch(Bytes value) {
  Arena arena(proto::decode_budget_bytes(value.size()));
  proto::ConsumerGroupTargetAssignmentMetadataValue message;
  ODK_TRY_VOID(decode_value(value, arena, message));
  return TargetEpoch{message.assignment_epoch, message.assignment_timestamp};
}

Result<PartitionSet> read_target(Bytes value) {
  Arena arena(proto::decode_budget_bytes(value.size()));
  proto::ConsumerGroupTargetAssignmentMemberValue message;
  ODK_TRY_VOID(decode_value(value, arena, message));
  PartitionSet target;
  for (const auto& topic : message.topic_partitions) {
    target[topic.topic_id].insert(topic.partitions.begin(), topic.partitions.end());
  }
  return target;
}

Result<ResolvedRegex> read_regex(Bytes value) {
  Arena arena(proto::decode_budget_bytes(value.size()));
  proto::ConsumerGroupRegularExpressionValue message;
  ODK_TRY_VOID(decode_value(value, arena, message));
  ResolvedRegex resolved;
  for (const std::string_view topic : message.topics) resolved.topics.emplace(topic);
  resolved.version = message.version;
  resolved.resolved_ms = message.timestamp;
  return resolved;
}

}  // namespace odradek::broker
