#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "broker/fetch_wait.h"
#include "broker/settings.h"
#include "log/chunk_pool.h"
#include "log/partition_log.h"

namespace odradek::broker {

// One partition: its log, and the fetches that wait for it.
struct Partition {
  Partition(int32_t number, log::PartitionLog its_log) : index(number), log(std::move(its_log)) {}

  int32_t index;
  log::PartitionLog log;
  WaitList waiters;
};

struct Topic {
  std::string name;
  Uuid id;
  TopicOverrides overrides;
  std::vector<std::unique_ptr<Partition>> partitions;

  // Null when there is no such partition.
  Partition* partition(int32_t index) const {
    return index >= 0 && static_cast<size_t>(index) < partitions.size()
               ? partitions[static_cast<size_t>(index)].get()
               : nullptr;
  }
};

// Where partitions' logs are kept, if not in memory.
class LogPlace {
 public:
  LogPlace() = default;
  LogPlace(const LogPlace&) = delete;
  LogPlace& operator=(const LogPlace&) = delete;
  virtual ~LogPlace() = default;

  // Always a log; one that cannot be used is offline.
  virtual log::PartitionLog open_log(const Topic& topic, int32_t partition,
                                     const log::LogConfig& config, int32_t leader_epoch,
                                     int64_t now_ms) = 0;
  virtual void remove_log(const Topic& topic, int32_t partition) = 0;
};

// All topics, by name and by id. Pointers are valid until the topic is removed. One loop.
class Topics {
 public:
  Topics(const Settings& settings, std::shared_ptr<log::ChunkPool> pool)
      : settings_(settings), pool_(std::move(pool)) {}

  Topic* find(std::string_view name) const;
  Topic* find(const Uuid& id) const;

  // From now on logs are opened there; it outlives the topics.
  void set_place(LogPlace& place) { place_ = &place; }

  // The name is free and everything was checked. Without an id it gets one.
  Topic& create(std::string_view name, int32_t partitions, TopicOverrides overrides,
                std::optional<Uuid> id = {});
  void add_partitions(Topic& topic, int32_t total);
  // A partition as it was before a restart.
  void restore_partition(Topic& topic, int32_t leader_epoch, int64_t now_ms);
  // Those that wait for its partitions become ready.
  void remove(Topic& topic, ReadyFetches& ready);
  void clear(ReadyFetches& ready);

  // A topic's configuration, or the defaults below it, changed.
  void configs_changed(Topic& topic);
  void configs_changed();

  // In the order of their names.
  const std::map<std::string, std::unique_ptr<Topic>, std::less<>>& all() const { return topics_; }
  size_t partition_count() const { return partition_count_; }

  // An existing topic with which `name` would collide in metric names ('.' and '_' are the same
  // there); null when none.
  const Topic* colliding(std::string_view name) const;

 private:
  const Settings& settings_;
  std::shared_ptr<log::ChunkPool> pool_;
  LogPlace* place_ = nullptr;
  std::map<std::string, std::unique_ptr<Topic>, std::less<>> topics_;
  std::unordered_map<Uuid, Topic*> by_id_;
  size_t partition_count_ = 0;
};

// Why `name` is no topic name; empty when it is one. Source: Topic.validate of kafka-clients.
std::string topic_name_fault(std::string_view name);

}  // namespace odradek::broker
