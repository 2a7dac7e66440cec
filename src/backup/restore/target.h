#pragma once

#include <map>
#include <string>
#include <vector>

#include "backup/archive/snapshots.h"
#include "cluster/cluster.h"
#include "io/task.h"

namespace odradek::backup {

struct ProducerIdentity {
  int64_t id = -1;
  int16_t epoch = -1;

  bool operator==(const ProducerIdentity&) const = default;
};

struct NewTopic {
  std::string name;
  int32_t partition_count = 0;
  int32_t replication_factor = 1;
  std::map<std::string, std::string> configs;
};

// A configuration of a topic that is in force.
struct TargetConfig {
  std::string value;
  bool is_own = false;  // set for the topic itself, not the cluster's
};
using TargetConfigs = std::map<std::string, TargetConfig>;

// What the cluster says of a topic and of what we may do with it.
struct TopicRights {
  bool is_known = false;  // does the cluster tell?
  bool may_write = true;
  bool may_alter_configs = true;
};

// What a restore changes in the cluster it writes to. Borrows the cluster. One loop.
class Target {
 public:
  explicit Target(cluster::Cluster& cluster) : cluster_(&cluster) {}

  // Creates the topic. kServer with the cluster's words.
  io::Task<Result<void>> create_topic(NewTopic topic);
  // Could it be created? Gives the configurations it would have, nothing where the cluster does not
  // tell (before KIP-525). kServer with the cluster's words.
  io::Task<Result<TargetConfigs>> try_create_topic(NewTopic topic);
  // Deletes every record of the partition below `offset`.
  io::Task<Result<void>> delete_records(std::string topic, int32_t partition, int64_t offset);
  // Sets each given configuration of the topic; a null value (nullopt) goes back to the default.
  using ConfigChanges = std::map<std::string, std::optional<std::string>>;
  io::Task<Result<void>> alter_topic_configs(std::string topic, ConfigChanges changes);
  // Can topic configurations be changed there at all? A proxy may not offer it.
  io::Task<Result<bool>> can_alter_configs();
  // Everything that is in force for the topic.
  io::Task<Result<TargetConfigs>> topic_configs(std::string topic);
  io::Task<Result<TopicRights>> topic_rights(std::string topic);

  io::Task<Result<ProducerIdentity>> init_producer();

  // Commits the positions of one group that has no members. kPrecondition when it has some.
  io::Task<Result<void>> commit_offsets(std::string group, std::vector<GroupOffset> offsets);

  cluster::Cluster& cluster() { return *cluster_; }

 private:
  io::Task<Result<TargetConfigs>> request_topic(NewTopic topic, bool validate_only);

  cluster::Cluster* cluster_;
};

}  // namespace odradek::backup
