#pragma once

#include "broker/flusher.h"
#include "broker/handlers/reply.h"

namespace odradek::broker {

// As reply(), once everything the answer may speak of is safe from a crash of the machine, where
// the flush policy asks for that; the connection is closed when that fails.
template <class T>
void reply_when_safe(Node& node, rpc::Request& request, T& response, MonotonicTime begun) {
  Flusher* flusher = node.flusher();
  if (flusher == nullptr || flusher->is_safe()) return reply(node, request, response, begun);
  const Duration throttle = throttle_request(node, request, response, begun);
  Result<SliceChain> bytes =
      rpc::encode_response(request.correlation_id, request.version, response);
  if (!bytes) return request.responder.close(bytes.error().to_string());
  flusher->when_safe([responder = std::move(request.responder), bytes = *std::move(bytes),
                      throttle](bool safe) mutable {
    if (safe) return responder.send_then_mute(std::move(bytes), throttle);
    responder.close("what was stored is not safe, the data directory failed");
  });
}

}  // namespace odradek::broker
