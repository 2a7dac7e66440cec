#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// InitProducerId (22): passed to the coordinator of a transactional id, without one to any broker.
Handler init_producer_id_handler();

}  // namespace odradek::proxy
