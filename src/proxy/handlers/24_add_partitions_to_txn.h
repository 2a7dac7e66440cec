#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// AddPartitionsToTxn (24), as clients send it: the physical partitions behind the virtual ones are
// added. Versions from 4 on are for brokers.
Handler add_partitions_to_txn_handler();

}  // namespace odradek::proxy
