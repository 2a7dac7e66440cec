#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// DeleteGroups (42): the group, and when it may go, its shadow groups.
Handler delete_groups_handler();

}  // namespace odradek::proxy
