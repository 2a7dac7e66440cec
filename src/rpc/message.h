#pragma once

#include <memory>

#include "base/arena.h"
#include "base/slice.h"
#include "proto/api_table.h"
#include "rpc/request.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace odradek::rpc {

// A decoded message with what it views: keep the whole to keep any part.
template <class T>
struct Decoded {
  Slice frame;
  std::unique_ptr<Arena> arena;
  T message;
  int16_t version = 0;

  T* operator->() { return &message; }
  const T* operator->() const { return &message; }
};

// What decoding may allocate: 32 times the input, and some for tiny ones.
inline size_t decode_budget_bytes(size_t input_bytes) { return 32 * input_bytes + 16 * 1024; }

// Decodes `body`, a view into `frame`. Errors: kMalformed, with the offset of the fault.
template <class T>
Result<Decoded<T>> decode_body(Slice frame, Bytes body, int16_t version) {
  Decoded<T> decoded{std::move(frame), std::make_unique<Arena>(decode_budget_bytes(body.size())),
                     T{}, version};
  wire::Reader reader(body, *decoded.arena);
  decode(reader, version, decoded.message);
  ODK_TRY_VOID(reader.finish());
  return decoded;
}

// As decode_body(), but bytes behind the message are ignored, as Kafka's brokers do: librdkafka
// 2.16 sends three of them in a Metadata request for all topics.
template <class T>
Result<Decoded<T>> decode_request(const Request& request) {
  const Bytes body = request.body;
  Decoded<T> decoded{request.frame, std::make_unique<Arena>(decode_budget_bytes(body.size())), T{},
                     request.version};
  wire::Reader reader(body, *decoded.arena);
  decode(reader, request.version, decoded.message);
  ODK_TRY_VOID(reader.status());
  return decoded;
}

// Response header (correlation id, and empty tagged fields where flexible) followed by the body.
template <class T>
Result<SliceChain> encode_response(int32_t correlation_id, int16_t version, const T& message) {
  wire::Writer writer(512);
  writer.i32(correlation_id);
  if (proto::response_header_version(T::kApiKey, version) >= 1) writer.uvarint(0);
  encode(writer, version, message);
  return writer.finish();
}

// Answers `request` with `message`; a message that cannot be encoded closes the connection.
template <class T>
void respond(Request& request, const T& message) {
  Result<SliceChain> bytes = encode_response(request.correlation_id, request.version, message);
  if (!bytes) {
    request.responder.close(bytes.error().to_string());
    return;
  }
  request.responder.send(*std::move(bytes));
}

}  // namespace odradek::rpc
