#pragma once

#include "broker/handlers/authorize.h"

namespace odradek::broker {

// Counts partitions a request creates or deletes against controller_mutation_rate. Requests from
// `strict_from` on are refused with 89 while the client is above it, older ones only wait. Gives
// the response's throttle time. Source: KIP-599.
template <class Req, class Response>
ApiError count_mutation(const Call<Req>& call, size_t partitions, int16_t strict_from,
                        Response& response) {
  Duration throttle = std::chrono::milliseconds(response.throttle_time_ms);
  const bool allowed = call.node.security().quotas().mutate(
      call.request, static_cast<double>(partitions), call.version() >= strict_from,
      call.node.loop().now(), throttle);
  response.throttle_time_ms = throttle_ms(throttle);
  if (allowed) return {};
  return {proto::ErrorCode::kThrottlingQuotaExceeded, "The throttling quota has been exceeded."};
}

}  // namespace odradek::broker
