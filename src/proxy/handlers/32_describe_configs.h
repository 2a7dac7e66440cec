#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// DescribeConfigs (32): topics only, passed on. A broker's or the cluster's settings are not those
// of the nodes clients see: INVALID_CONFIG.
Handler describe_configs_handler();

}  // namespace odradek::proxy
