#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// TxnOffsetCommit (28): split between the group and its shadows as OffsetCommit is, all in the one
// transaction. The group checks the member before shadows are written. Up to version 5; later ones
// name topics by id.
Handler txn_offset_commit_handler();

}  // namespace odradek::proxy
