#include "broker/group/subscription.h"

#include <algorithm>

#include "base/arena.h"
#include "broker/group/record_coding.h"
#include "proto/messages/consumer_protocol_assignment.h"
#include "proto/messages/consumer_protocol_subscription.h"

namespace odradek::broker {
namespace {

// Decodes as the version says, or as the last one known.
template <class Message>
std::optional<int16_t> decode_known(Bytes bytes, Arena& arena, Message& message) {
  wire::Reader reader(bytes, arena);
  const int16_t version = reader.i16();
  decode(reader, std::clamp<int16_t>(version, 0, Message::kMaxVersion), message);
  if (!reader.ok() || version < 0) return std::nullopt;
  return version;
}

}  // namespace

std::optional<ConsumerSubscription> read_subscription(Bytes metadata) {
  Arena arena(proto::decode_budget_bytes(metadata.size()));
  proto::ConsumerProtocolSubscription message;
  const std::optional<int16_t> version = decode_known(metadata, arena, message);
  if (!version) return std::nullopt;
  ConsumerSubscription subscription;
  subscription.version = *version;
  for (const std::string_view topic : message.topics) subscription.topics.emplace(topic);
  for (const auto& topic : message.owned_partitions) {
    subscription.owned[std::string(topic.topic)].insert(topic.partitions.begin(),
                                                        topic.partitions.end());
  }
  if (!is_null(message.rack_id)) subscription.rack_id = message.rack_id;
  return subscription;
}

bool add_subscribed_topics(Bytes metadata, std::set<std::string, std::less<>>& topics) {
  Arena arena(proto::decode_budget_bytes(metadata.size()));
  wire::Reader reader(metadata, arena);
  const int16_t version = reader.i16();
  proto::ConsumerProtocolSubscription subscription;
  decode(reader, 0, subscription);
  if (!reader.ok() || version < 0) return false;
  for (const std::string_view topic : subscription.topics) topics.emplace(topic);
  return true;
}

std::optional<NamedPartitions> read_assignment(Bytes assignment) {
  NamedPartitions partitions;
  if (assignment.empty()) return partitions;
  Arena arena(proto::decode_budget_bytes(assignment.size()));
  proto::ConsumerProtocolAssignment message;
  if (!decode_known(assignment, arena, message)) return std::nullopt;
  for (const auto& topic : message.assigned_partitions) {
    partitions[std::string(topic.topic)].insert(topic.partitions.begin(), topic.partitions.end());
  }
  return partitions;
}

std::string write_assignment(int16_t version, const NamedPartitions& partitions) {
  using Message = proto::ConsumerProtocolAssignment;
  Arena arena;
  Message message;
  message.assigned_partitions = arena.array<Message::TopicPartition>(partitions.size());
  size_t next = 0;
  for (const auto& [topic, numbers] : partitions) {
    Message::TopicPartition& each = message.assigned_partitions[next++];
    each.topic = topic;
    each.partitions = arena.array<int32_t>(numbers.size());
    std::ranges::copy(numbers, each.partitions.begin());
  }
  message.user_data = {};
  return record_value(std::clamp<int16_t>(version, 0, Message::kMaxVersion), message);
}

}  // namespace odradek::broker
