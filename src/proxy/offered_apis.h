#pragma once

#include <span>
#include <vector>

#include "proxy/handlers/handler.h"
#include "rpc/server.h"

namespace odradek::proxy {

// What ApiVersions offers: the handlers' versions, of those that go on to brokers only what every
// broker knows. Nothing else is ever offered.
std::vector<rpc::ApiRange> offered_apis(std::span<const Handler> handlers,
                                        std::span<const std::vector<rpc::ApiRange>> brokers);

// The brokers' features without those whose APIs are not offered, so that no client believes in
// them: groups of the new protocol, share and streams groups, transactions.
rpc::Features offered_features(rpc::Features features);

}  // namespace odradek::proxy
