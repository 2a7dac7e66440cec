#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// OffsetCommit (8): the part of group index 0 goes to the group itself, which checks the member;
// only then the other parts go to the shadow groups. Capped below topic ids (version 10).
Handler offset_commit_handler();

}  // namespace odradek::proxy
