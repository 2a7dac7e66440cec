#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// OffsetFetch (9): each group together with its shadow groups, merged. Capped below topic ids
// (version 10). An error of the group itself wins.
Handler offset_fetch_handler();

}  // namespace odradek::proxy
