#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/sasl.h"
#include "io/loop.h"
#include "io/stream.h"
#include "proto/api_table.h"
#include "rpc/message.h"
#include "rpc/server.h"

namespace odradek::rpc {

struct ClientSecurity {
  std::function<std::shared_ptr<SSL_CTX>()> tls;  // empty: plaintext
  std::string mechanism;                          // SASL mechanism name; empty: none
  std::function<Result<std::unique_ptr<auth::SaslClient>>()> start_sasl;
  // Awaited before start_sasl(), where set: gets what it needs and the loop must not wait for.
  std::function<io::Task<Result<void>>(io::Loop&, MonotonicTime deadline)> prepare_sasl;
  // Where set: the owner of the connections is done with them, and with prepare_sasl.
  std::function<void()> stop_sasl;
};

// A request that ended; views are valid during the call.
struct RequestDone {
  std::string_view address;  // "host:port"
  proto::ApiKey api_key{};
  int16_t version = 0;
  int32_t correlation_id = 0;
  size_t bytes_sent = 0;
  size_t bytes_received = 0;
  Duration duration{};
  const Error* error = nullptr;  // no answer came: why
};

struct ConnectOptions {
  std::string host;
  uint16_t port = 0;
  std::string client_id = "odradek";
  std::string software_name = "odradek";
  std::string software_version = "0.1.0";
  ClientSecurity security;
  // Called for each request that ended, where set.
  std::function<void(const RequestDone&)> on_request_done;
  MonotonicTime deadline;  // for all of connect: TCP, TLS, ApiVersions, SASL
  size_t max_response_bytes = 512 * 1024 * 1024;
  size_t max_in_flight = 64;
};

// A response as it came: body not decoded.
struct RawResponse {
  Slice frame;  // without size prefix
  Bytes body;   // view into frame, after the response header
};

// One connection to a broker: requests are written as they come (pipelined), answers are matched
// by correlation id. A protocol violation (wrong correlation id, garbage) closes it and fails what
// is in flight. Re-authenticates before a session lifetime ends (KIP-368). One loop.
class ClientConnection {
 public:
  // Connects, negotiates versions (falling back to ApiVersions v0 on error 35), authenticates.
  // Errors: kNetwork, kTls, kAuthentication, kTimedOut, kMalformed, kUnsupported.
  static io::Task<Result<std::unique_ptr<ClientConnection>>> connect(io::Loop& loop,
                                                                     ConnectOptions options);
  // The same over a stream that is connected already.
  static io::Task<Result<std::unique_ptr<ClientConnection>>> over(
      io::Loop& loop, std::unique_ptr<io::Stream> stream, ConnectOptions options);
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;
  // Closes; what is in flight fails with kClosed, safely also after this object is gone.
  ~ClientConnection();

  // The highest version both sides know, at most `at_most`. kUnsupported names API and ranges.
  Result<int16_t> version_for(proto::ApiKey key, int16_t at_most = INT16_MAX) const;
  const std::vector<ApiRange>& peer_apis() const;
  const Features& peer_features() const;

  // Sends and awaits the answer. Errors: kTimedOut (the connection stays usable, a late answer is
  // dropped), kClosed, kNetwork, kMalformed, kUnsupported.
  template <class Req>
  io::Task<Result<Decoded<proto::ResponseOf<Req>>>> call(const Req& request, int16_t version,
                                                         MonotonicTime deadline);
  // The same for a body that is encoded already (without request header).
  io::Task<Result<RawResponse>> call_raw(proto::ApiKey key, int16_t version, SliceChain body,
                                         MonotonicTime deadline);
  // The same without a coroutine: `done` is called on the loop, exactly once.
  using Completion = std::move_only_function<void(Result<RawResponse>)>;
  void send(proto::ApiKey key, int16_t version, SliceChain body, MonotonicTime deadline,
            Completion done);
  // A request without an answer (Produce with acks=0). kClosed when the connection is gone.
  Result<void> send_no_response(proto::ApiKey key, int16_t version, SliceChain body);

  bool is_open() const;
  void close();
  size_t in_flight() const;
  // When something was sent or came last.
  MonotonicTime last_used() const;
  std::string peer_address() const;
  // Called once when the connection ends, whoever ends it.
  void on_close(std::move_only_function<void(const Error&)> action);

 private:
  class Impl;
  explicit ClientConnection(std::shared_ptr<Impl> impl);

  std::shared_ptr<Impl> impl_;
};

template <class Req>
io::Task<Result<Decoded<proto::ResponseOf<Req>>>> ClientConnection::call(const Req& request,
                                                                         int16_t version,
                                                                         MonotonicTime deadline) {
  wire::Writer writer(256);
  encode(writer, version, request);
  ODK_CO_TRY(SliceChain body, writer.finish());
  Result<RawResponse> raw = co_await call_raw(Req::kApiKey, version, std::move(body), deadline);
  if (!raw) co_return std::move(raw).error();
  co_return decode_body<proto::ResponseOf<Req>>(std::move(raw->frame), raw->body, version);
}

}  // namespace odradek::rpc
