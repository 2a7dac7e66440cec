#pragma once

#include <chrono>
#include <string_view>

#include "odradek/client.h"

namespace odradek::client {

// A token without a signature that says who we are, as Java's client makes it by itself when its
// JAAS entry has unsecuredLoginStringClaim_sub. For brokers in development mode. Source: KIP-255.
kafka::BearerToken unsecured_token(std::string_view subject, std::chrono::seconds life,
                                   std::chrono::system_clock::time_point now);

}  // namespace odradek::client
