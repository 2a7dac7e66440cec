#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// AddOffsetsToTxn (25): passed to the transaction's coordinator. The shadows of the group are added
// when offsets are committed to them (28_txn_offset_commit).
Handler add_offsets_to_txn_handler();

}  // namespace odradek::proxy
