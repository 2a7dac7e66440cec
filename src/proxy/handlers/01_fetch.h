#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// Fetch (1): reads the physical partitions and gives each virtual one its own batches, until
// min_bytes of them are there or max_wait_ms is over (fetch_assembly.h). No fetch sessions: the
// session id is always 0, so clients send full requests.
Handler fetch_handler();

}  // namespace odradek::proxy
