#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// DescribeCluster (60): the cluster's id and permissions, our nodes.
Handler describe_cluster_handler();

}  // namespace odradek::proxy
