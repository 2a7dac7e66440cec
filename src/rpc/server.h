#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/sasl.h"
#include "io/loop.h"
#include "io/stream.h"
#include "proto/api_table.h"
#include "rpc/request.h"

namespace odradek::rpc {

// What a product offers: it gets every request that is complete, known and authenticated.
class RequestHandler {
 public:
  RequestHandler() = default;
  RequestHandler(const RequestHandler&) = delete;
  RequestHandler& operator=(const RequestHandler&) = delete;
  virtual ~RequestHandler() = default;

  // Called on the loop. May answer at once or keep `request` and answer later (long poll).
  virtual void on_request(Request request) = 0;

  // May `next` start while earlier requests of its connection wait for their answers? Kafka
  // handles one request at a time per connection; the default does so too.
  virtual bool can_start_beside(proto::ApiKey /*next*/, proto::ApiKey /*waiting*/) { return false; }

  // The connection is gone; drop what waits for it.
  virtual void on_disconnect(const ConnectionInfo& /*connection*/) {}
};

struct ApiRange {
  proto::ApiKey key;
  int16_t min_version;
  int16_t max_version;
};

struct ServerLimits {
  size_t max_frame_bytes = 100 * 1024 * 1024;
  size_t max_frame_bytes_before_auth = 512 * 1024;
  size_t max_unsent_bytes = 8 * 1024 * 1024;      // per connection; then reading stops
  size_t max_buffered_bytes = 256 * 1024 * 1024;  // requests and answers of all connections
  size_t max_connections = 100'000;
  std::optional<size_t> max_connections_per_ip;
  std::map<std::string, size_t> max_connections_of_ip;  // instead, for these addresses
  double max_connection_rate = 0;  // accepted each second, by all listeners; 0: no limit
  // The same for one address ("10.0.0.1"), asked for each connection. Those above it are closed.
  std::function<double(std::string_view address)> max_connection_rate_of_ip;
  Duration idle_timeout = std::chrono::minutes(10);
  Duration first_request_timeout = std::chrono::seconds(30);
  Duration tls_handshake_timeout = std::chrono::seconds(10);
  Duration failed_authentication_delay = std::chrono::milliseconds(100);
};

// SASL on the server side: which mechanisms, and a fresh state machine for one exchange.
struct SaslOptions {
  std::vector<std::string> mechanisms;
  std::function<Result<std::unique_ptr<auth::SaslServer>>(std::string_view mechanism)> start;
  // Sessions end after this unless re-authenticated (connections.max.reauth.ms); 0: never.
  int64_t max_session_ms = 0;
};

struct ListenerOptions {
  std::string name = "PLAINTEXT";
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  std::function<std::shared_ptr<SSL_CTX>()>
      tls;  // empty: plaintext. Asked for each handshake (reload)
  // The principal of a TLS session ("User:CN=x"). An error closes the connection. Empty: everybody
  // is anonymous.
  std::function<Result<std::string>(SSL*)> tls_principal;
  size_t max_connections = 100'000;
  double max_connection_rate = 0;  // accepted each second; 0: no limit
  std::optional<SaslOptions> sasl;
};

// Answer fields of ApiVersions beyond the ranges.
struct Features {
  struct Supported {
    std::string name;
    int16_t min_version;
    int16_t max_version;
  };
  struct Finalized {
    std::string name;
    int16_t max_version_level;
    int16_t min_version_level;
  };
  std::vector<Supported> supported;
  std::vector<Finalized> finalized;
  int64_t finalized_epoch = -1;
};

struct ServerOptions {
  std::vector<ApiRange> apis;  // what ApiVersions says; anything else closes the connection
  Features features;
  ServerLimits limits;
  // Serves its own process: ConnectionInfo::is_inside, and connection ids that no other server has.
  bool is_inside = false;
};

// Counters of all connections, for metrics. Read on the loop.
struct ServerStats {
  uint64_t connections_accepted = 0;
  uint64_t connections_active = 0;
  uint64_t requests = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t malformed_frames = 0;
  uint64_t failed_authentications = 0;
};

// Speaks Kafka's framing on any number of listeners: reads frames, answers ApiVersions,
// SaslHandshake and SaslAuthenticate itself, hands the rest to the handler, and writes the answers
// in request order. ApiVersions of an unknown version is answered v0 with error 35. An unknown key
// or version, a frame over the limit, or one that does not decode closes that connection with one
// log line. Belongs to one loop. Source: Kafka protocol guide "Network"; KIP-35, KIP-43, KIP-152,
// KIP-368.
class Server {
 public:
  // `handler` must outlive the server.
  Server(io::Loop& loop, RequestHandler& handler, ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Binds and accepts from now on; gives the bound port.
  Result<uint16_t> listen(ListenerOptions options);
  // Serves a stream that is connected already (memory streams in tests).
  void serve(std::unique_ptr<io::Stream> stream, const ListenerOptions& options);

  // Stops accepting, closes connections when they wait for no answer, or when `at_most` is over,
  // and then does what stop() does.
  io::Task<void> drain(Duration at_most);
  // Stops accepting, closes every connection, waits for the tasks.
  io::Task<void> stop();

  const ServerStats& stats() const;
  // Requests and answers in memory, as counted against max_buffered_bytes.
  size_t buffered_bytes() const;
  std::vector<std::shared_ptr<const ConnectionInfo>> connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace odradek::rpc
