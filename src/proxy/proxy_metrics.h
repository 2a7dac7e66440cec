#pragma once

#include <span>

#include "obs/metrics.h"
#include "proxy/proxy_stats.h"
#include "rpc/server.h"

namespace odradek::proxy {

// The metrics of the proxy, for Registry::declare().
std::span<const obs::MetricInfo* const> proxy_metrics();

// What is true now, beside the counters.
struct ProxyGauges {
  size_t shared_connections = 0;  // to brokers, used by all clients
  size_t transaction_states = 0;
};

// Publishes them.
void collect_proxy_metrics(const ProxyStats& stats, const rpc::ServerStats& server,
                           const ProxyGauges& gauges, obs::Collection& into);

}  // namespace odradek::proxy
