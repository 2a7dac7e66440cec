#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// OffsetDelete (47): split over the group and its shadows like a commit. Shadows have no members,
// so the group is asked whether it has any before theirs are deleted.
Handler offset_delete_handler();

}  // namespace odradek::proxy
