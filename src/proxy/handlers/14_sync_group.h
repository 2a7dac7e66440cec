#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// SyncGroup (14): passed on; it waits at the broker for the leader's assignment.
Handler sync_group_handler();

}  // namespace odradek::proxy
