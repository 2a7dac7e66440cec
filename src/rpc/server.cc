#include "rpc/server.h"

#include <algorithm>
#include <list>
#include <utility>

#include "base/log.h"
#include "io/stream.h"
#include "rpc/server_connection.h"

namespace odradek::rpc {

class Server::Impl {
 public:
  Impl(io::Loop& loop, RequestHandler& handler, ServerOptions options)
      : shared(loop, handler, std::move(options)) {}

  Result<uint16_t> listen(ListenerOptions options);
  // Counts the connection and serves it, TLS handshake included.
  void start(std::unique_ptr<io::Stream> stream, std::shared_ptr<const ListenerOptions> listener);
  io::Task<void> drain(Duration at_most);
  io::Task<void> stop();

  ServerShared shared;
  std::list<std::unique_ptr<io::Listener>> listeners;
  bool stopping = false;

 private:
  io::Task<void> accept_all(io::Listener* listener, std::shared_ptr<const ListenerOptions> options);
  io::Task<void> secure(std::unique_ptr<io::Stream> stream,
                        std::shared_ptr<const ListenerOptions> listener);
  void serve(std::unique_ptr<io::Stream> stream, std::shared_ptr<const ListenerOptions> listener);
};

Result<uint16_t> Server::Impl::listen(ListenerOptions options) {
  ODK_TRY(auto listener, io::Listener::bind(shared.loop, options.host, options.port));
  const uint16_t port = listener->port();
  io::Listener* const borrowed = listener.get();
  listeners.push_back(std::move(listener));
  shared.tasks.spawn(
      accept_all(borrowed, std::make_shared<const ListenerOptions>(std::move(options))));
  return port;
}

io::Task<void> Server::Impl::accept_all(io::Listener* listener,
                                        std::shared_ptr<const ListenerOptions> options) {
  while (!stopping) {
    Result<std::unique_ptr<io::Stream>> stream = co_await listener->accept();
    if (!stream) break;  // closed or cancelled
    const Duration pause = shared.gate.pace(*options, shared.loop.now());
    if (pause > Duration(0)) {
      const Result<void> waited = co_await io::sleep(shared.loop, pause);
      if (!waited) break;
    }
    start(*std::move(stream), options);
  }
}

void Server::Impl::start(std::unique_ptr<io::Stream> stream,
                         std::shared_ptr<const ListenerOptions> listener) {
  if (const auto limit = shared.gate.enter(*listener, stream->peer_address(), shared.loop.now())) {
    if (const auto skipped = shared.refused_limiter.pass(shared.loop.now())) {
      ODK_LOG(warn, "connection refused: too many connections", kv("peer", stream->peer_address()),
              kv("listener", listener->name), kv("limit", *limit), kv("skipped", *skipped));
    }
    return;
  }
  ++shared.stats.connections_accepted;
  ++shared.stats.connections_active;
  if (listener->tls) {
    shared.tasks.spawn(secure(std::move(stream), std::move(listener)));
  } else {
    serve(std::move(stream), std::move(listener));
  }
}

// The handshake is a task of its own, so that its frames are gone while the connection is idle.
io::Task<void> Server::Impl::secure(std::unique_ptr<io::Stream> stream,
                                    std::shared_ptr<const ListenerOptions> listener) {
  const std::string peer = stream->peer_address();
  const Duration timeout = shared.options.limits.tls_handshake_timeout;
  const MonotonicTime deadline =
      shared.loop.now() + std::chrono::duration_cast<MonotonicTime::duration>(timeout);
  Result<std::unique_ptr<io::Stream>> secured = Error(Errc::kTls, "no certificate to show");
  std::shared_ptr<SSL_CTX> context = listener->tls();
  if (context != nullptr) {
    secured = co_await io::tls_accept(shared.loop, std::move(stream), std::move(context), deadline);
  }
  if (secured && !stopping) {
    serve(*std::move(secured), std::move(listener));
    co_return;
  }
  shared.gate.leave(listener->name, peer);
  --shared.stats.connections_active;
  if (secured || secured.error().code() == Errc::kCancelled) co_return;
  ODK_LOG(warn, "connection closed", kv("peer", peer), kv("listener", listener->name),
          kv("reason", secured.error().to_string()));
}

void Server::Impl::serve(std::unique_ptr<io::Stream> stream,
                         std::shared_ptr<const ListenerOptions> listener) {
  Result<std::string> principal = std::string();
  SSL* const tls = stream->tls_session();
  if (tls != nullptr && listener->tls_principal) principal = listener->tls_principal(tls);
  if (!principal) {
    ODK_LOG(warn, "authentication failed", kv("peer", stream->peer_address()),
            kv("listener", listener->name), kv("reason", principal.error().to_string()));
    ++shared.stats.failed_authentications;
    shared.gate.leave(listener->name, stream->peer_address());
    --shared.stats.connections_active;
    return;
  }
  const uint64_t id = shared.next_connection_id++;
  auto connection = std::make_shared<ServerConnection>(
      shared, std::move(stream), std::move(listener), id, *std::move(principal));
  shared.connections.emplace(id, connection);
  shared.tasks.spawn(ServerConnection::run(std::move(connection)));
}

io::Task<void> Server::Impl::drain(Duration at_most) {
  constexpr Duration kLookEvery = std::chrono::milliseconds(10);
  stopping = true;
  for (const auto& listener : listeners) listener->close();
  const MonotonicTime deadline = shared.loop.now() + at_most;
  while (!shared.connections.empty() && shared.loop.now() < deadline) {
    for (const auto& [id, connection] : shared.connections) {
      if (connection->is_idle()) connection->close();
    }
    const Result<void> slept = co_await io::sleep(shared.loop, kLookEvery);
    if (!slept) break;
  }
  co_await stop();
}

io::Task<void> Server::Impl::stop() {
  stopping = true;
  for (const auto& listener : listeners) listener->close();
  for (const auto& [id, connection] : shared.connections) connection->close();
  shared.tasks.cancel();
  co_await shared.tasks.join();
}

Server::Server(io::Loop& loop, RequestHandler& handler, ServerOptions options)
    : impl_(std::make_unique<Impl>(loop, handler, std::move(options))) {}

Server::~Server() = default;

Result<uint16_t> Server::listen(ListenerOptions options) {
  return impl_->listen(std::move(options));
}

void Server::serve(std::unique_ptr<io::Stream> stream, const ListenerOptions& options) {
  impl_->start(std::move(stream), std::make_shared<const ListenerOptions>(options));
}

io::Task<void> Server::drain(Duration at_most) { return impl_->drain(at_most); }
io::Task<void> Server::stop() { return impl_->stop(); }

const ServerStats& Server::stats() const { return impl_->shared.stats; }
size_t Server::buffered_bytes() const { return impl_->shared.buffered_bytes; }

std::vector<std::shared_ptr<const ConnectionInfo>> Server::connections() const {
  std::vector<std::shared_ptr<const ConnectionInfo>> result;
  result.reserve(impl_->shared.connections.size());
  for (const auto& [id, connection] : impl_->shared.connections) {
    connection->info()->activity.waiting = connection->waiting();
    result.push_back(connection->info());
  }
  return result;
}

}  // namespace odradek::rpc
