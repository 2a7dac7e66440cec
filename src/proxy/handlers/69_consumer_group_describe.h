#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// ConsumerGroupDescribe (69, KIP-848): each group is asked about at its coordinator; assignments
// are shown in virtual partitions.
Handler consumer_group_describe_handler();

}  // namespace odradek::proxy
