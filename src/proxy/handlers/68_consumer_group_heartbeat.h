#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// ConsumerGroupHeartbeat (68, KIP-848): the broker assigns physical partitions, and a member gets
// all virtual ones of each. What a member owns is told to the broker as physical partitions.
Handler consumer_group_heartbeat_handler();

}  // namespace odradek::proxy
