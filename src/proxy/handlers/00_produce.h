#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// Produce (0): marks each batch and sends it to the leader of its physical partition, in waves
// (produce_plan.h). Batches of one virtual partition always take the same upstream connection, so
// their order is kept; waves on different ones run at the same time.
Handler produce_handler();

}  // namespace odradek::proxy
