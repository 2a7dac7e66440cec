#pragma once

#include <vector>

#include "io/address.h"
#include "io/loop.h"

namespace odradek::io {

// The names of all addresses that `place` resolves to, as their reverse look-up gives them, each
// with the port; an address without a name stands for itself. For a name that stands for several
// hosts whose certificates or service principals bear their own. Errors: kNetwork, kTimedOut.
// Source: client.dns.lookup=resolve_canonical_bootstrap_servers_only, ClientUtils (Kafka 4.x).
Task<Result<std::vector<HostPort>>> canonical_hosts(Loop& loop, HostPort place,
                                                    MonotonicTime deadline);

}  // namespace odradek::io
