#pragma once

#include <string_view>

#include "cluster/cluster.h"
#include "proxy/consistency/shared_settings.h"

namespace odradek::proxy {

// Where instances write down what they have to agree on. Clients cannot change it through a proxy.
inline constexpr std::string_view kSettingsTopic = "__kafka_partition_proxy";

// Compares an instance's settings with those of the instances before it, and writes them down when
// they are the first, or say more. Of two instances that write at the same time the first to do so
// wins. Errors: kConfig when they differ, with what differs; those of the cluster. The cluster
// outlives the task.
io::Task<Result<void>> agree_on_settings(cluster::Cluster& cluster, SharedSettings own);

}  // namespace odradek::proxy
