#pragma once

#include <string>
#include <vector>

#include "cluster/cluster.h"
#include "odradek/admin.h"

namespace odradek::client {

using DescribedGroups = std::vector<kafka::Named<kafka::GroupDescription>>;

// Groups of either protocol, each as its own coordinator tells it.
io::Task<Result<DescribedGroups>> describe_groups(cluster::Cluster& cluster,
                                                  std::vector<std::string> groups,
                                                  MonotonicTime deadline);

// The same of one group.
io::Task<kafka::Result<kafka::GroupDescription>> describe_group(cluster::Cluster& cluster,
                                                                std::string group,
                                                                MonotonicTime deadline);

}  // namespace odradek::client
