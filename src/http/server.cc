#include "http/server.h"

#include <list>
#include <utility>

#include "base/log.h"
#include "base/log_limiter.h"
#include "http/connection.h"
#include "io/stream.h"
#include "io/task_group.h"

namespace odradek::http {

namespace {

constexpr Duration kTlsHandshakeTime = std::chrono::seconds(10);

}  // namespace

class HttpServer::Impl {
 public:
  Impl(io::Loop& loop, HttpHandler handler)
      : loop_(loop), handler_(std::move(handler)), tasks_(loop) {}

  Result<uint16_t> listen(HttpServerOptions options) {
    ODK_TRY(auto listener, io::Listener::bind(loop_, options.host, options.port));
    endpoints_.push_back({std::move(options), std::move(listener)});
    Endpoint& endpoint = endpoints_.back();
    const uint16_t port = endpoint.listener->port();
    tasks_.spawn(accept(&endpoint));
    return port;
  }

  io::Task<void> stop() {
    stopping_ = true;
    for (Endpoint& endpoint : endpoints_) endpoint.listener->close();
    for (HttpConnection* connection : connections_) connection->close();
    tasks_.cancel();
    co_await tasks_.join();
  }

  size_t connections() const { return connections_.size(); }

 private:
  struct Endpoint {
    HttpServerOptions options;
    std::unique_ptr<io::Listener> listener;
  };

  io::Task<void> accept(Endpoint* endpoint) {
    while (!stopping_) {
      Result<std::unique_ptr<io::Stream>> stream = co_await endpoint->listener->accept();
      if (!stream) co_return;
      if (tasks_.size() > endpoint->options.limits.max_connections) {
        if (const auto skipped = too_many_.pass(loop_.now())) {
          ODK_LOG(warn, "too many HTTP connections", kv("peer", (*stream)->peer_address()),
                  kv("skipped", *skipped));
        }
        continue;
      }
      tasks_.spawn(serve(*std::move(stream), &endpoint->options));
    }
  }

  io::Task<void> serve(std::unique_ptr<io::Stream> stream, const HttpServerOptions* options) {
    if (options->tls) {
      const MonotonicTime deadline = loop_.now() + kTlsHandshakeTime;
      Result<std::unique_ptr<io::Stream>> secured =
          co_await io::tls_accept(loop_, std::move(stream), options->tls(), deadline);
      if (!secured) {
        ODK_LOG(debug, "HTTP TLS handshake failed", kv("reason", secured.error().to_string()));
        co_return;
      }
      stream = *std::move(secured);
    }
    if (stopping_) co_return;
    HttpConnection connection(loop_, std::move(stream), handler_, options->limits);
    const auto at = connections_.insert(connections_.end(), &connection);
    co_await connection.run();
    connections_.erase(at);
  }

  io::Loop& loop_;
  HttpHandler handler_;
  std::list<Endpoint> endpoints_;
  std::list<HttpConnection*> connections_;  // those in serve()
  io::TaskGroup tasks_;
  LogLimiter too_many_{std::chrono::seconds(10)};
  bool stopping_ = false;
};

HttpServer::HttpServer(io::Loop& loop, HttpHandler handler)
    : impl_(std::make_unique<Impl>(loop, std::move(handler))) {}
HttpServer::~HttpServer() = default;

Result<uint16_t> HttpServer::listen(HttpServerOptions options) {
  return impl_->listen(std::move(options));
}

io::Task<void> HttpServer::stop() { return impl_->stop(); }

size_t HttpServer::connections() const { return impl_->connections(); }

}  // namespace odradek::http
