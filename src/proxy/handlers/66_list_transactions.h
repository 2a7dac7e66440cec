#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// ListTransactions (66): every broker is asked for those it coordinates.
Handler list_transactions_handler();

}  // namespace odradek::proxy
