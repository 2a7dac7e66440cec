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
};

struct NewTopic {
  std::string name;
  int32_t partition_count = 0;
  int32_t replication_factor = 1;
  std::map<std::string, std::string> configs;
};

// What a restore changes in the cluster it writes to. Borrows the cluster. One loop.
class Target {
 public:
  explicit Target(cluster::Cluster& cluster) : cluster_(&cluster) {}

  // Creates the topic, or with `validate_only` asks whether it could be. kServer with the cluster's
  // words.
  io::Task<Result<void>> create_topic(NewTopic topic, bool validate_only);
  // Sets each given configuration of the topic; a null value (nullopt) goes back to the default.
  using ConfigChanges = std::map<std::string, std::optional<std::string>>;
  io::Task<Result<void>> alter_topic_configs(std::string topic, ConfigChanges changes);
  // Can topic configurations be changed there at all? A proxy may not offer it.
  io::Task<Result<bool>> can_alter_configs();
  // The value that is in force for the topic, whoever set it; empty when the cluster has no such
  // setting.
  io::Task<Result<std::string>> effective_config(std::string topic, std::string name);

  io::Task<Result<ProducerIdentity>> init_producer();

  // Commits the positions of one group that has no members. kPrecondition when it has some.
  io::Task<Result<void>> commit_offsets(std::string group, std::vector<GroupOffset> offsets);

  cluster::Cluster& cluster() { return *cluster_; }

 private:
  cluster::Cluster* cluster_;
};

}  // namespace odradek::backup
