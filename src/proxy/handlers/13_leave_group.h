#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// LeaveGroup (13): passed on.
Handler leave_group_handler();

}  // namespace odradek::proxy
