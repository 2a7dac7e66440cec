#pragma once

#include <algorithm>
#include <chrono>

#include "broker/node.h"
#include "broker/security/security.h"
#include "rpc/message.h"
#include "rpc/request.h"

namespace odradek::broker {

// The share of the last second that was spent, in percent, as request_percentage counts.
inline double request_percent(Duration spent) {
  return std::chrono::duration<double>(spent).count() * 100;
}

inline int32_t throttle_ms(Duration throttle) {
  return static_cast<int32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(throttle).count());
}

// Counts the request, and says for how long its client, being above its quotas, is not read any
// more once it has its answer (KIP-219). `response.throttle_time_ms` holds what other quotas said
// already, and is told; `begun` is when the handler began.
template <class T>
Duration throttle_request(Node& node, const rpc::Request& request, T& response,
                          MonotonicTime begun) {
  Quotas& quotas = node.security().quotas();
  Duration throttle(0);
  if constexpr (requires { response.throttle_time_ms; }) {
    throttle = std::chrono::milliseconds(response.throttle_time_ms);
    if (quotas.limits(QuotaKey::kRequestPercentage)) {
      const MonotonicTime now = node.loop().now();
      throttle = std::max(throttle, quotas.record(QuotaKey::kRequestPercentage, request,
                                                  request_percent(now - begun), now));
      response.throttle_time_ms = throttle_ms(throttle);
    }
  }
  return throttle;
}

template <class T>
void send_reply(rpc::Request& request, const T& response, Duration throttle) {
  if (throttle == Duration(0)) return rpc::respond(request, response);
  Result<SliceChain> bytes =
      rpc::encode_response(request.correlation_id, request.version, response);
  if (!bytes) return request.responder.close(bytes.error().to_string());
  request.responder.send_then_mute(*std::move(bytes), throttle);
}

template <class T>
void reply(Node& node, rpc::Request& request, T& response, MonotonicTime begun) {
  const Duration throttle = throttle_request(node, request, response, begun);
  send_reply(request, response, throttle);
}

}  // namespace odradek::broker
