#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "odradek/admin_result.h"
#include "odradek/admin_security.h"
#include "odradek/types.h"

namespace odradek::kafka {

struct BrokerInfo {
  int32_t id = -1;
  std::string host{};
  uint16_t port = 0;
  std::optional<std::string> rack{};
  bool is_fenced = false;
};

struct ClusterInfo {
  std::string id{};
  int32_t controller = -1;
  std::vector<BrokerInfo> brokers{};
  std::set<AclOperation> authorized_operations{};
};

struct DescribeClusterOptions {
  bool fenced_brokers = false;  // those registered but not running, too (KIP-1073)
};

// Feature levels (KIP-584): what the broker could do, and what the cluster agreed on.
struct FeatureRange {
  int16_t min = 0;
  int16_t max = 0;
};
struct Features {
  std::map<std::string, FeatureRange> supported{};
  std::map<std::string, FeatureRange> finalized{};
  int64_t epoch = -1;  // of the finalized ones
};

enum class FeatureUpgrade : int8_t {
  upgrade = 1,
  safe_downgrade = 2,    // refused when it would lose metadata
  unsafe_downgrade = 3,  // may lose metadata
};
struct FeatureUpdate {
  std::string feature{};
  int16_t level = 0;  // 0: takes the feature away
  FeatureUpgrade kind = FeatureUpgrade::upgrade;
};

struct QuorumReplica {
  int32_t id = -1;
  int64_t log_end_offset = -1;
  int64_t last_fetch_ms = -1;      // -1: unknown
  int64_t last_caught_up_ms = -1;  // -1: unknown
};
struct QuorumInfo {
  int32_t leader = -1;
  int32_t leader_epoch = -1;
  int64_t high_watermark = -1;
  std::vector<QuorumReplica> voters{};
  std::vector<QuorumReplica> observers{};
};

struct ReplicaInfo {
  TopicPartition partition{};
  int64_t bytes = 0;
  int64_t offset_lag = 0;
  bool is_future = false;  // on its way here from another directory
};
struct LogDir {
  std::string path{};
  Result<void> result{};     // an error when the directory is offline
  int64_t total_bytes = -1;  // of its disk; -1: unknown
  int64_t usable_bytes = -1;
  std::vector<ReplicaInfo> replicas{};
};

// Moves one replica to another directory of the same broker.
struct ReplicaMove {
  int32_t broker = -1;
  TopicPartition partition{};
  std::string path{};
};
struct ReplicaMoveOutcome {
  using Value = void;
  int32_t broker = -1;
  TopicPartition partition{};
  Result<void> result{};
};

enum class Election : int8_t {
  preferred = 0,  // the first replica, if it is in sync
  unclean = 1,    // any live replica; may lose records
};

// No replicas: ends the reassignment under way.
struct Reassignment {
  TopicPartition partition{};
  std::optional<std::vector<int32_t>> replicas{};
};
struct OngoingReassignment {
  TopicPartition partition{};
  std::vector<int32_t> replicas{};
  std::vector<int32_t> adding{};
  std::vector<int32_t> removing{};
};

}  // namespace odradek::kafka
