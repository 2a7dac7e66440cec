#include "client/consumer/subscription_codec.h"

#include <algorithm>
#include <map>

#include "base/arena.h"
#include "proto/messages/consumer_protocol_assignment.h"
#include "proto/messages/consumer_protocol_subscription.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace odradek::client {
namespace {

constexpr size_t kDecodeBudgetBytes = size_t{64} << 20U;

std::map<std::string_view, std::vector<int32_t>> by_topic(
    const std::vector<kafka::TopicPartition>& partitions) {
  std::map<std::string_view, std::vector<int32_t>> topics;
  for (const kafka::TopicPartition& item : partitions) topics[item.topic].push_back(item.partition);
  return topics;
}

// Fills the message's list of {topic, partitions}; the elements view `topics`.
template <class Element>
std::vector<Element> elements_of(std::map<std::string_view, std::vector<int32_t>>& topics) {
  std::vector<Element> elements;
  for (auto& [topic, partitions] : topics) {
    Element& element = elements.emplace_back();
    element.topic = topic;
    element.partitions = proto::array_of(partitions);
  }
  return elements;
}

template <class Elements>
std::vector<kafka::TopicPartition> partitions_of(const Elements& elements) {
  std::vector<kafka::TopicPartition> partitions;
  for (const auto& element : elements) {
    for (const int32_t partition : element.partitions) {
      partitions.push_back({std::string(element.topic), partition});
    }
  }
  std::ranges::sort(partitions);
  return partitions;
}

template <class Message>
Result<Slice> encode_versioned(const Message& message) {
  wire::Writer writer(256);
  writer.i16(Message::kMaxVersion);
  encode(writer, Message::kMaxVersion, message);
  ODK_TRY(const SliceChain bytes, writer.finish());
  return bytes.flatten();
}

// Bytes behind what the known version has are a newer version's, and skipped.
template <class Message>
Result<void> decode_versioned(Bytes bytes, Arena& arena, Message& message) {
  wire::Reader reader(bytes, arena);
  const int16_t version = std::min(reader.i16(), Message::kMaxVersion);
  if (version < 0) return Error(Errc::kMalformed, "negative version of the consumer protocol");
  decode(reader, version, message);
  return reader.status();
}

// kMalformed.
Result<void> decode_sticky_data(Subscriber& member) {
  member.owned.clear();
  member.generation = -1;
  if (member.user_data.empty()) return {};
  Arena arena(kDecodeBudgetBytes);
  wire::Reader reader(as_bytes(member.user_data), arena);
  const int32_t topics = reader.i32();
  for (int32_t i = 0; i < topics && reader.status(); ++i) {
    const std::string topic(reader.string(false, false));
    const int32_t partitions = reader.i32();
    for (int32_t k = 0; k < partitions && reader.status(); ++k) {
      member.owned.push_back({topic, reader.i32()});
    }
  }
  ODK_TRY_VOID(reader.status());
  if (reader.remaining() > 0) member.generation = reader.i32();  // not in version 0
  std::ranges::sort(member.owned);
  return reader.status();
}

}  // namespace

Result<Slice> encode_subscription(const Subscriber& member) {
  std::vector<std::string_view> names(member.topics.begin(), member.topics.end());
  std::ranges::sort(names);
  auto topics = by_topic(member.owned);
  auto owned = elements_of<proto::ConsumerProtocolSubscription::TopicPartition>(topics);
  proto::ConsumerProtocolSubscription message;
  message.topics = proto::array_of(names);
  message.owned_partitions = proto::array_of(owned);
  message.generation_id = member.generation;
  message.user_data = {};  // null
  if (!member.user_data.empty()) message.user_data = as_bytes(member.user_data);
  return encode_versioned(message);
}

Result<Subscriber> decode_subscription(Bytes metadata) {
  Arena arena(kDecodeBudgetBytes);
  proto::ConsumerProtocolSubscription message;
  ODK_TRY_VOID(decode_versioned(metadata, arena, message));
  Subscriber member;
  for (const std::string_view topic : message.topics) member.topics.emplace_back(topic);
  member.owned = partitions_of(message.owned_partitions);
  member.generation = message.generation_id;
  member.user_data = as_text(message.user_data);
  return member;
}

Result<std::string> encode_sticky_data(const std::vector<kafka::TopicPartition>& had,
                                       int32_t generation) {
  const auto topics = by_topic(had);
  wire::Writer writer(256);
  writer.i32(static_cast<int32_t>(topics.size()));
  for (const auto& [topic, partitions] : topics) {
    writer.string(topic, false, false);
    writer.i32(static_cast<int32_t>(partitions.size()));
    for (const int32_t partition : partitions) writer.i32(partition);
  }
  writer.i32(generation);
  ODK_TRY(const SliceChain bytes, writer.finish());
  return std::string(bytes.flatten().text());
}

void read_sticky_data(Subscriber& member) {
  if (!decode_sticky_data(member)) {
    member.owned.clear();
    member.generation = -1;
  }
}

Result<Slice> encode_assignment(const std::vector<kafka::TopicPartition>& partitions) {
  auto topics = by_topic(partitions);
  auto elements = elements_of<proto::ConsumerProtocolAssignment::TopicPartition>(topics);
  proto::ConsumerProtocolAssignment message;
  message.assigned_partitions = proto::array_of(elements);
  return encode_versioned(message);
}

Result<std::vector<kafka::TopicPartition>> decode_assignment(Bytes assignment) {
  if (assignment.empty()) return std::vector<kafka::TopicPartition>{};
  Arena arena(kDecodeBudgetBytes);
  proto::ConsumerProtocolAssignment message;
  ODK_TRY_VOID(decode_versioned(assignment, arena, message));
  return partitions_of(message.assigned_partitions);
}

}  // namespace odradek::client
