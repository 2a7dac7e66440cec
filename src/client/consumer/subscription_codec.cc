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
  return member;
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
