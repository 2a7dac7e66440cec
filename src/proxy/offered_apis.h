#pragma once

#include <span>
#include <vector>

#include "proxy/handlers/handler.h"
#include "rpc/server.h"

namespace odradek::proxy {

// What ApiVersions offers: the handlers' versions, of those that go on to brokers only what every
// broker knows. Nothing else is ever offered.
std::vector<rpc::ApiRange> offered_apis(std::span<const Handler> handlers,
                                        std::span<const std::vector<rpc::ApiRange>> brokers,
                                        Kip848Mode kip848 = Kip848Mode::kExpand);

// The brokers' features without those whose APIs are not offered, so that no client believes in
// them: share and streams groups, and groups of the new protocol where they are hidden.
rpc::Features offered_features(rpc::Features features, Kip848Mode kip848 = Kip848Mode::kExpand);

}  // namespace odradek::proxy
