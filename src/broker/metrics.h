#pragma once

#include <span>

#include "broker/dispatcher.h"
#include "broker/node.h"
#include "obs/metrics.h"
#include "rpc/server.h"

namespace odradek::broker {

// Everything the broker publishes, for Registry::declare().
std::span<const obs::MetricInfo* const> broker_metrics();

// Publishes the values as they are now. On the broker's loop.
void collect_broker_metrics(const Node& node, const Dispatcher& dispatcher,
                            const rpc::ServerStats& stats, obs::Collection& into);

}  // namespace odradek::broker
