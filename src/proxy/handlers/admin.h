#pragma once

#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// This client's own connection for requests that change topics and may wait at the broker. Any
// broker takes them; the one that says it is the controller is asked.
io::Task<Result<Upstream::Connection>> admin_connection(Session& session, MonotonicTime deadline);

}  // namespace odradek::proxy
