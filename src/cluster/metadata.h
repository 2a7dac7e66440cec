#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "proto/error_code.h"

namespace odradek::cluster {

struct Broker {
  int32_t id = -1;
  std::string host;
  uint16_t port = 0;
  std::optional<std::string> rack;
};

struct Partition {
  int32_t id = -1;
  proto::ErrorCode error{};
  int32_t leader = -1;  // broker id, -1 when there is none
  int32_t leader_epoch = -1;
  std::vector<int32_t> replicas;
  std::vector<int32_t> in_sync_replicas;
};

struct Topic {
  std::string name;
  Uuid id;  // zero on brokers older than topic ids
  proto::ErrorCode error{};
  bool is_internal = false;
  std::vector<Partition> partitions;  // sorted by id; partitions[i].id == i unless error

  const Partition* partition(int32_t id) const;
};

// What a Metadata response said. Immutable and shared, so a reader keeps one consistent picture.
class Metadata {
 public:
  std::string cluster_id;
  int32_t controller_id = -1;
  std::vector<Broker> brokers;
  std::vector<Topic> topics;  // sorted by name
  bool has_all_topics = false;
  MonotonicTime fetched_at;

  const Broker* broker(int32_t id) const;
  const Topic* topic(std::string_view name) const;
  const Topic* topic(const Uuid& id) const;
};

using MetadataPtr = std::shared_ptr<const Metadata>;

}  // namespace odradek::cluster
