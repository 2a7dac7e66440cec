#pragma once

#include <optional>
#include <set>
#include <string>

#include "broker/group/group_for_tests.h"

// What the tests of consumer groups (KIP-848) share.
namespace odradek::broker::testing {

struct HeartbeatSpec {
  std::string member = "a";
  int32_t epoch = 0;
  std::optional<std::string> instance;
  std::optional<std::set<std::string>> topics;
  std::optional<std::string> regex;
  std::optional<std::string> assignor;
  std::optional<PartitionSet> owned;
  int32_t rebalance_timeout_ms = -1;
  std::string group = "g";

  // A first heartbeat of a member that wants the topic "t".
  static HeartbeatSpec joining(std::string member, std::set<std::string> topics = {"t"}) {
    HeartbeatSpec spec;
    spec.member = std::move(member);
    spec.topics = std::move(topics);
    spec.owned.emplace();
    spec.rebalance_timeout_ms = 30'000;
    return spec;
  }
  // A later one that says nothing new, or what the member owns.
  static HeartbeatSpec later(std::string member, int32_t epoch,
                             std::optional<PartitionSet> owned = {}) {
    HeartbeatSpec spec;
    spec.member = std::move(member);
    spec.epoch = epoch;
    spec.owned = std::move(owned);
    return spec;
  }
};

class ConsumerDriver : public GroupDriver {
 public:
  explicit ConsumerDriver(GroupConfig config = quick()) : GroupDriver(config) {}

  ConsumerReply beat(const HeartbeatSpec& spec) {
    ConsumerHeartbeat input;
    input.group_id = spec.group;
    input.member_id = spec.member;
    input.epoch = spec.epoch;
    if (spec.instance) input.instance_id = *spec.instance;
    if (spec.regex) input.regex = *spec.regex;
    if (spec.assignor) input.assignor = *spec.assignor;
    input.topics = spec.topics;
    input.owned = spec.owned;
    input.rebalance_timeout_ms = spec.rebalance_timeout_ms;
    input.client_id = "client";
    input.client_host = "/127.0.0.1";
    const ConsumerReply reply = groups.consumer_heartbeat(input, now(), replies);
    collect();
    return reply;
  }
  ConsumerReply join(std::string member, std::set<std::string> topics = {"t"}) {
    return beat(HeartbeatSpec::joining(std::move(member), std::move(topics)));
  }
  using GroupDriver::join;

  Uuid make_topic(const std::string& name, int32_t partitions) {
    environment.topics[name] = {Uuid::random(), partitions};
    groups.topics_changed();
    return environment.topics[name].id;
  }
  const ConsumerGroup& consumer() const { return *groups.find_consumer("g"); }
};

inline size_t count(const PartitionSet& set) {
  size_t sum = 0;
  for (const auto& [topic, partitions] : set) sum += partitions.size();
  return sum;
}

}  // namespace odradek::broker::testing
