#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "broker/metadata_log.h"
#include "broker/settings.h"

namespace odradek::broker {

// Whose configuration a ConfigRecord is about. Source: ConfigResource.Type of kafka-clients.
enum class ConfigOwner : int8_t { kTopic = 2, kBroker = 4, kGroup = 32 };

// Says how topics, configurations and producer ids come back, and keeps them until they are asked
// for: what the metadata log says at start.
class TopicReplay {
 public:
  struct Saved {
    std::string name;
    TopicOverrides overrides;
    std::map<int32_t, int32_t> leader_epochs;  // by partition
  };

  // Must live until the log is open.
  explicit TopicReplay(MetadataLog& log);

  const std::map<Uuid, Saved>& topics() const { return topics_; }
  // By broker id, "" for all.
  const std::map<std::string, TopicOverrides>& brokers() const { return brokers_; }
  const std::map<std::string, TopicOverrides>& groups() const { return groups_; }
  int64_t next_producer_id() const { return next_producer_id_; }

 private:
  Result<void> set_config(int8_t type, std::string_view resource, std::string_view name,
                          std::string_view value);

  std::map<Uuid, Saved> topics_;
  std::map<std::string, TopicOverrides> brokers_;
  std::map<std::string, TopicOverrides> groups_;
  int64_t next_producer_id_ = 0;
};

// The records of what is about to change.
struct TopicFacts {
  std::string_view name;
  Uuid id;
  int32_t node_id = 0;
  Uuid directory_id;
};
void add_topic(MetadataBatch& batch, const TopicFacts& topic);
// Partitions [first, end), led by the only node.
void add_partitions(MetadataBatch& batch, const TopicFacts& topic, int32_t first, int32_t end);
void add_config_changes(MetadataBatch& batch, ConfigOwner owner, std::string_view resource,
                        const TopicOverrides& before, const TopicOverrides& after);

}  // namespace odradek::broker
