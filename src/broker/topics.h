#pragma once

#include <cstdint>
#include <map>
#include <memory>
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
  Partition(int32_t number, std::unique_ptr<log::BatchStore> store, const log::LogConfig& config)
      : index(number), log(std::move(store), config) {}

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

// All topics, by name and by id. Pointers are valid until the topic is removed. One loop.
class Topics {
 public:
  Topics(const Settings& settings, std::shared_ptr<log::ChunkPool> pool)
      : settings_(settings), pool_(std::move(pool)) {}

  Topic* find(std::string_view name) const;
  Topic* find(const Uuid& id) const;

  // The name is free and everything was checked.
  Topic& create(std::string_view name, int32_t partitions, TopicOverrides overrides);
  void add_partitions(Topic& topic, int32_t total);
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
  std::map<std::string, std::unique_ptr<Topic>, std::less<>> topics_;
  std::unordered_map<Uuid, Topic*> by_id_;
  size_t partition_count_ = 0;
};

// Why `name` is no topic name; empty when it is one. Source: Topic.validate of kafka-clients.
std::string topic_name_fault(std::string_view name);

}  // namespace odradek::broker
