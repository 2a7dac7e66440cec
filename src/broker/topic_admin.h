#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/api_error.h"
#include "broker/topics.h"

namespace odradek::broker {

class Node;

// A topic somebody wants: -1 means the broker's default.
struct NewTopic {
  std::string_view name;
  int32_t partitions = -1;
  int16_t replication_factor = -1;
  std::vector<std::pair<std::string_view, std::string_view>> configs;  // a null value is refused
  // Replicas by partition, if the client chose them.
  std::vector<std::pair<int32_t, std::vector<int32_t>>> assignments;
};

// What became of it: the topic as it is or would be, or why not.
struct NewTopicResult {
  ApiError error;
  int32_t partitions = -1;
  TopicOverrides overrides;
  Topic* created = nullptr;  // null also when it was only checked
};

// Checks as Kafka's controller does, in its order, and creates the topic unless `only_check`.
// Source: ReplicationControlManager.createTopics of Kafka 4.
NewTopicResult create_topic(Node& node, const NewTopic& topic, bool only_check);

// Whether the total is more than the topic has, and what else speaks against it.
ApiError check_more_partitions(const Node& node, const Topic& topic, int32_t total);

// A topic's own configuration after changes; the error names the first that is not possible.
// Source: ConfigurationControlManager.incrementalAlterConfigs of Kafka 4.
struct ConfigChange {
  enum class Op : int8_t { kSet = 0, kDelete = 1, kAppend = 2, kSubtract = 3 };
  std::string_view name;
  Op op = Op::kSet;
  std::string_view value;  // null data: none
};
struct ConfigChanges {
  ApiError error;
  TopicOverrides values;
};
ConfigChanges change_topic_configs(const Node& node, const TopicOverrides& current,
                                   std::span<const ConfigChange> changes);
// The same for one consumer group; times stay within the broker's limits.
// Source: GroupConfig.validate of Kafka 4.3.
ConfigChanges change_group_configs(const Node& node, std::string_view group,
                                   const TopicOverrides& current,
                                   std::span<const ConfigChange> changes);
// The same for the broker's own, of one level.
ConfigChanges change_broker_configs(const TopicOverrides& current,
                                    std::span<const ConfigChange> changes);

}  // namespace odradek::broker
