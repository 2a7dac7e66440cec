#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// DescribeTransactions (65): each transactional id is asked about at its coordinator. A transaction
// knows physical partitions only: all virtual ones of each are named.
Handler describe_transactions_handler();

}  // namespace odradek::proxy
