#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// FindCoordinator (10): a node of ours; requests for the group are routed behind it.
Handler find_coordinator_handler();

}  // namespace odradek::proxy
