#pragma once

#include <span>

#include "obs/metrics.h"
#include "proxy/proxy_stats.h"
#include "rpc/server.h"

namespace odradek::proxy {

// The metrics of the proxy, for Registry::declare().
std::span<const obs::MetricInfo* const> proxy_metrics();

// Publishes them. `shared_connections`: upstream connections that all clients share.
void collect_proxy_metrics(const ProxyStats& stats, const rpc::ServerStats& server,
                           size_t shared_connections, obs::Collection& into);

}  // namespace odradek::proxy
