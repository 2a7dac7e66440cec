#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/bytes.h"

namespace odradek::broker {

// What members of the classic protocol's type "consumer" say to each other through the broker.
// Source: ConsumerProtocolSubscription.json, ConsumerProtocolAssignment.json, v0 to v3; later
// versions begin with the same fields.
struct ConsumerSubscription {
  int16_t version = 0;
  std::set<std::string> topics;
  std::map<std::string, std::set<int32_t>> owned;
  std::optional<std::string> rack_id;
};

// Nothing when the bytes are none.
std::optional<ConsumerSubscription> read_subscription(Bytes metadata);

// Adds the topics of a subscription. False when the bytes are none.
bool add_subscribed_topics(Bytes metadata, std::set<std::string, std::less<>>& topics);

using NamedPartitions = std::map<std::string, std::set<int32_t>, std::less<>>;

// Empty bytes are an empty assignment; nothing when they are none.
std::optional<NamedPartitions> read_assignment(Bytes assignment);
std::string write_assignment(int16_t version, const NamedPartitions& partitions);

}  // namespace odradek::broker
