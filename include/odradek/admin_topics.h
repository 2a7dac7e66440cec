#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "odradek/admin_configs.h"
#include "odradek/admin_security.h"

namespace odradek::kafka {

// What a topic keeps while its name may be given to another one later (KIP-516).
struct TopicId {
  std::array<uint8_t, 16> bytes{};

  bool is_zero() const { return *this == TopicId{}; }  // brokers without topic ids
  // 22 characters of URL-safe base64, as Kafka's tools print it.
  std::string to_string() const;
  auto operator<=>(const TopicId&) const = default;
};

// The brokers of each partition, the preferred leader first. Empty: the cluster places them.
using ReplicaAssignment = std::vector<std::vector<int32_t>>;

struct NewTopic {
  std::string name{};
  int32_t partitions = -1;          // -1: the broker's default, or as `replicas` says
  int16_t replication_factor = -1;  // -1: the broker's default, or as `replicas` says
  std::map<std::string, std::string> configs{};
  ReplicaAssignment replicas{};
};

// What a created topic is like. Numbers are -1 when the user may not describe its configuration.
struct CreatedTopic {
  TopicId id{};
  int32_t partitions = -1;
  int16_t replication_factor = -1;
  std::vector<ConfigEntry> configs{};
};

// `total`: the number of partitions the topic is to have; `replicas`: of the added ones.
struct NewPartitions {
  std::string topic{};
  int32_t total = 0;
  ReplicaAssignment replicas{};
};

struct PartitionInfo {
  int32_t id = -1;
  int32_t leader = -1;  // -1: there is none
  int32_t leader_epoch = -1;
  std::vector<int32_t> replicas{};
  std::vector<int32_t> in_sync_replicas{};
  std::vector<int32_t> offline_replicas{};
};

struct TopicInfo {
  std::string name{};
  TopicId id{};
  bool is_internal = false;
  std::vector<PartitionInfo> partitions{};
  std::set<AclOperation> authorized_operations{};  // only of describe_topics()
};

}  // namespace odradek::kafka
