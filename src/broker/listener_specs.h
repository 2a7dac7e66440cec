#pragma once

#include <vector>

#include "broker/broker.h"
#include "broker/settings.h"

namespace odradek::broker {

// Where to listen: `listeners` of the settings with advertised.listeners and
// listener.security.protocol.map, without those of controller.listener.names (there is no
// controller to reach here); else `fallback`. Every listener has a name of its own. kConfig.
Result<std::vector<ListenerSpec>> resolve_listeners(const Settings& settings,
                                                    std::vector<ListenerSpec> fallback);

}  // namespace odradek::broker
