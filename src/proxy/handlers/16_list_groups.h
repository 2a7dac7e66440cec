#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// ListGroups (16): every broker's groups together, without the shadow groups. A group that only its
// shadows stand for (nothing committed at index 0 yet) is listed by its own name.
Handler list_groups_handler();

}  // namespace odradek::proxy
