#pragma once

#include "base/result.h"
#include "cluster/cluster.h"
#include "odradek/client.h"

namespace odradek::client {

// The options of a Client as those of a Cluster: addresses parsed, files of TLS read, credentials
// checked. Errors: kConfig, naming the option.
Result<cluster::ClusterOptions> to_cluster_options(const kafka::ClientOptions& options);

}  // namespace odradek::client
