#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/message.h"
#include "io/loop.h"

namespace odradek::http {

struct HttpLimits {
  size_t max_header_bytes = 16 * 1024;  // more: 431
  size_t max_body_bytes = 1024 * 1024;  // more: 413
  size_t max_connections = 256;         // more: closed at once
  Duration request_timeout = std::chrono::seconds(30);   // from its first byte to its last
  Duration response_timeout = std::chrono::seconds(60);  // for sending; handling is not counted
  Duration idle_timeout = std::chrono::seconds(60);      // between requests
  // After refusing a request, how long to wait for its next bytes before closing.
  Duration linger_timeout = std::chrono::milliseconds(200);
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  std::function<std::shared_ptr<SSL_CTX>()> tls;  // empty: plaintext; asked for each handshake
  HttpLimits limits;
};

// A small HTTP/1.0 and 1.1 server for metrics, health and the dashboard: keep-alive, pipelined
// requests one by one, chunked request bodies, HEAD, "100 Continue". Malformed requests get 400
// and the connection is closed. Belongs to one loop.
class HttpServer {
 public:
  HttpServer(io::Loop& loop, HttpHandler handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  // stop() must be done before, unless nothing was ever listened on or served.
  ~HttpServer();

  // Binds and accepts from now on; gives the bound port. Errors: kNetwork.
  Result<uint16_t> listen(HttpServerOptions options);

  // Stops accepting, closes every connection, waits for the handlers.
  io::Task<void> stop();

  size_t connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace odradek::http
