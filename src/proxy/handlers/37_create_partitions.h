#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// CreatePartitions (37): refused for mapped topics, whose number of physical partitions may never
// change (INVALID_PARTITIONS); others are passed on.
Handler create_partitions_handler();

}  // namespace odradek::proxy
