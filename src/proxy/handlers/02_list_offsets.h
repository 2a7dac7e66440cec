#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// ListOffsets (2): asked of the physical partition. Its answer for a timestamp may be a record of
// another virtual partition; then the log is read on, up to list_offsets_scan_bytes, for the first
// own record that is not older. Not found within that, the physical answer stays: a lower bound,
// from which a reader misses nothing. Not found up to the end of the log, there is none.
Handler list_offsets_handler();

}  // namespace odradek::proxy
