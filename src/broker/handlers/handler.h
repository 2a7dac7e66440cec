#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/arena.h"
#include "broker/handlers/safe_reply.h"
#include "broker/node.h"
#include "proto/api_key.h"
#include "proto/decode_message.h"
#include "rpc/message.h"
#include "rpc/request.h"

namespace odradek::broker {

// One API the broker serves: which versions, and what does it.
struct HandlerInfo {
  proto::ApiKey key;
  int16_t min_version;
  int16_t max_version;
  // Takes over the request; answers now or later.
  void (*handle)(Node& node, rpc::Request request);
};

// One request being answered. The arena is for the answer's arrays and texts.
template <class Req>
struct Call {
  Node& node;
  const rpc::Request& request;
  const Req& message;
  Arena& arena;

  int16_t version() const { return request.version; }
};

// Decodes a request; closes the connection and gives nothing when that fails. Bytes behind the
// message are left alone, as Apache Kafka does: librdkafka 2.16 sends Metadata v13 with three too
// many.
template <class Req>
std::optional<rpc::Decoded<Req>> decode_or_close(rpc::Request& request) {
  const size_t budget_bytes = proto::decode_budget_bytes(request.body.size());
  rpc::Decoded<Req> decoded{request.frame, std::make_unique<Arena>(budget_bytes), Req{},
                            request.version};
  wire::Reader reader(request.body, *decoded.arena);
  decode(reader, request.version, decoded.message);
  const Result<void> status = reader.status();
  if (!status) {
    request.responder.close(status.error().to_string());
    return std::nullopt;
  }
  // The budget was for what the client makes us allocate; the answer is our own affair.
  decoded.arena->set_budget(Arena::kUnlimited);
  return decoded;
}

// The handler of an API that is answered at once: `fill` makes the response.
template <class Req, void (*fill)(const Call<Req>&, typename Req::Response&)>
void answer(Node& node, rpc::Request request) {
  std::optional<rpc::Decoded<Req>> decoded = decode_or_close<Req>(request);
  if (!decoded) return;
  const MonotonicTime begun = node.loop().now();
  typename Req::Response response;
  fill(Call<Req>{node, request, decoded->message, *decoded->arena}, response);
  reply_when_safe(node, request, response, begun);
}

}  // namespace odradek::broker
