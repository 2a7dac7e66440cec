#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "odradek/client.h"
#include "odradek/op.h"
#include "odradek/types.h"

namespace odradek::kafka {

struct NewTopic {
  std::string name{};
  int32_t partitions = -1;          // -1: the broker's default
  int16_t replication_factor = -1;  // -1: the broker's default
  std::map<std::string, std::string> configs{};
};

// The outcome for one thing of many: of a topic, a group.
struct Outcome {
  std::string name{};
  Result<void> result{};
};

struct BrokerInfo {
  int32_t id = -1;
  std::string host{};
  uint16_t port = 0;
  std::optional<std::string> rack{};
};

struct ClusterInfo {
  std::string id{};
  int32_t controller = -1;
  std::vector<BrokerInfo> brokers{};
};

struct PartitionInfo {
  int32_t id = -1;
  int32_t leader = -1;  // -1: there is none
  std::vector<int32_t> replicas{};
  std::vector<int32_t> in_sync_replicas{};
};

struct TopicInfo {
  std::string name{};
  bool is_internal = false;
  std::vector<PartitionInfo> partitions{};
};

enum class ResourceType : int8_t { topic = 2, broker = 4 };

struct Resource {
  ResourceType type = ResourceType::topic;
  std::string name{};
};

struct ConfigEntry {
  std::string name{};
  std::optional<std::string> value{};  // none: secret
  bool is_default = false;
  bool is_read_only = false;
  bool is_sensitive = false;
};

enum class AlterOperation : int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

struct ConfigChange {
  std::string name{};
  std::optional<std::string> value{};
  AlterOperation operation = AlterOperation::set;
};

struct GroupListing {
  std::string id{};
  std::string protocol_type{};  // "consumer"
  std::string state{};          // "Stable"; empty from brokers older than 2.6
  std::string type{};           // "Classic"; empty from brokers older than 3.8
};

struct GroupMember {
  std::string member_id{};
  std::string instance_id{};
  std::string client_id{};
  std::string host{};
  std::vector<TopicPartition> assignment{};
};

struct GroupDescription {
  std::string id{};
  std::string state{};
  std::string protocol_type{};
  std::string assignor{};
  std::vector<GroupMember> members{};
};

// Which offset of a partition: a time in milliseconds, or one of these.
enum class OffsetSpec : int64_t { latest = -1, earliest = -2, max_timestamp = -3 };

// Looks after topics, configurations, groups and offsets. Any thread. Every call ends within its
// time, `wait`; transient errors are tried again until then.
class Admin {
 public:
  using Wait = std::chrono::milliseconds;
  static constexpr Wait kDefaultWait{30'000};

  explicit Admin(const Client& client);

  Op<std::vector<Outcome>> create_topics(std::vector<NewTopic> topics, Wait wait = kDefaultWait);
  Op<std::vector<Outcome>> delete_topics(std::vector<std::string> names, Wait wait = kDefaultWait);
  // The total number of partitions a topic is to have.
  Op<std::vector<Outcome>> create_partitions(std::map<std::string, int32_t> totals,
                                             Wait wait = kDefaultWait);
  Op<std::vector<TopicInfo>> list_topics(Wait wait = kDefaultWait);
  // ServerCode::unknown_topic_or_partition when one does not exist.
  Op<std::vector<TopicInfo>> describe_topics(std::vector<std::string> names,
                                             Wait wait = kDefaultWait);
  Op<ClusterInfo> describe_cluster(Wait wait = kDefaultWait);

  Op<std::vector<ConfigEntry>> describe_configs(Resource resource, Wait wait = kDefaultWait);
  // Changes the named entries and leaves the others (KIP-339).
  Op<void> alter_configs(Resource resource, std::vector<ConfigChange> changes,
                         Wait wait = kDefaultWait);

  // Asks every broker.
  Op<std::vector<GroupListing>> list_groups(Wait wait = kDefaultWait);
  Op<GroupDescription> describe_group(std::string group, Wait wait = kDefaultWait);
  Op<std::vector<Outcome>> delete_groups(std::vector<std::string> groups, Wait wait = kDefaultWait);

  // All committed offsets of a group.
  Op<std::vector<CommittedOffset>> group_offsets(std::string group, Wait wait = kDefaultWait);
  // Only of a group without members. ServerCode::unknown_member_id otherwise.
  Op<void> alter_group_offsets(std::string group, std::vector<CommittedOffset> offsets,
                               Wait wait = kDefaultWait);
  Op<void> delete_group_offsets(std::string group, std::vector<TopicPartition> partitions,
                                Wait wait = kDefaultWait);

  Op<std::vector<PartitionOffset>> list_offsets(std::vector<TopicPartition> partitions,
                                                OffsetSpec spec, Wait wait = kDefaultWait);
  Op<std::vector<PartitionOffset>> list_offsets(std::vector<TopicPartition> partitions,
                                                int64_t timestamp_ms, Wait wait = kDefaultWait);
  // Deletes the records before the given offsets; the answer holds the new first offsets.
  Op<std::vector<PartitionOffset>> delete_records(std::vector<PartitionOffset> before,
                                                  Wait wait = kDefaultWait);

 private:
  std::shared_ptr<ClientCore> core_;
};

}  // namespace odradek::kafka
