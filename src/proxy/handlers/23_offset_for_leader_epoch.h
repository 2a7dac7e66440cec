#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// OffsetForLeaderEpoch (23): asked of the physical partition, the answer unchanged.
Handler offset_for_leader_epoch_handler();

}  // namespace odradek::proxy
