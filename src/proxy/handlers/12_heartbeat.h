#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// Heartbeat (12): passed on.
Handler heartbeat_handler();

}  // namespace odradek::proxy
