#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// DeleteRecords (21): a broker can only cut the whole physical log. So it is done where the request
// names all virtual partitions of a physical one, up to the lowest of their offsets; otherwise
// POLICY_VIOLATION, because records of others would go too.
Handler delete_records_handler();

}  // namespace odradek::proxy
