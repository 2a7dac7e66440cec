#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// JoinGroup (11): passed on; it waits at the broker until the rebalance is over, on a connection of
// this client alone. Assignments are computed by the members from virtual partitions.
Handler join_group_handler();

}  // namespace odradek::proxy
