#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// DescribeProducers (61): the producers of the physical partition whose marked ids name the virtual
// one, with the ids the clients know. Transactional producers are known per physical partition
// only and show in group 0.
Handler describe_producers_handler();

}  // namespace odradek::proxy
