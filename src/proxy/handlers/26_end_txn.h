#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// EndTxn (26): passed to the transaction's coordinator.
Handler end_txn_handler();

}  // namespace odradek::proxy
