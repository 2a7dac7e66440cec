#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// InitProducerId (22): passed to any broker for idempotent producers. Transactions are not offered:
// a transactional id gets UNSUPPORTED_VERSION, which clients treat as final.
Handler init_producer_id_handler();

}  // namespace odradek::proxy
