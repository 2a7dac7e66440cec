#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/offsets.h"
#include "cluster/cluster.h"
#include "odradek/admin.h"

// The calls of kafka::Admin as tasks on the loop. The cluster outlives them.
namespace odradek::client {

using cluster::Cluster;
using Outcomes = std::vector<kafka::Outcome>;

io::Task<Result<Outcomes>> create_topics(Cluster& cluster, std::vector<kafka::NewTopic> topics,
                                         MonotonicTime deadline);
io::Task<Result<Outcomes>> delete_topics(Cluster& cluster, std::vector<std::string> names,
                                         MonotonicTime deadline);
io::Task<Result<Outcomes>> create_partitions(Cluster& cluster,
                                             std::map<std::string, int32_t> totals,
                                             MonotonicTime deadline);
io::Task<Result<std::vector<kafka::TopicInfo>>> list_topics(Cluster& cluster,
                                                            MonotonicTime deadline);
io::Task<Result<std::vector<kafka::TopicInfo>>> describe_topics(Cluster& cluster,
                                                                std::vector<std::string> names,
                                                                MonotonicTime deadline);
io::Task<Result<kafka::ClusterInfo>> describe_cluster(Cluster& cluster, MonotonicTime deadline);

io::Task<Result<std::vector<kafka::ConfigEntry>>> describe_configs(Cluster& cluster,
                                                                   kafka::Resource resource,
                                                                   MonotonicTime deadline);
io::Task<Result<void>> alter_configs(Cluster& cluster, kafka::Resource resource,
                                     std::vector<kafka::ConfigChange> changes,
                                     MonotonicTime deadline);

io::Task<Result<std::vector<kafka::GroupListing>>> list_groups(Cluster& cluster,
                                                               MonotonicTime deadline);
io::Task<Result<kafka::GroupDescription>> describe_group(Cluster& cluster, std::string group,
                                                         MonotonicTime deadline);
io::Task<Result<Outcomes>> delete_groups(Cluster& cluster, std::vector<std::string> groups,
                                         MonotonicTime deadline);
io::Task<Result<void>> delete_group_offsets(Cluster& cluster, std::string group,
                                            std::vector<kafka::TopicPartition> partitions,
                                            MonotonicTime deadline);
io::Task<Result<std::vector<kafka::PartitionOffset>>> delete_records(
    Cluster& cluster, std::vector<kafka::PartitionOffset> before, MonotonicTime deadline);

}  // namespace odradek::client
