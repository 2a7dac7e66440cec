#include "broker/dashboard/inside.h"

#include "io/stream.h"

namespace odradek::broker::dashboard {
namespace {

constexpr MonotonicTime::duration kConnectTime = std::chrono::seconds(10);

// The limits the owner set are for clients.
rpc::ServerOptions inside_options(rpc::ServerOptions options) {
  options.is_inside = true;
  options.limits = {};
  return options;
}

}  // namespace

Inside::Inside(io::Loop& loop, rpc::RequestHandler& handler, rpc::ServerOptions options)
    : loop_(loop), server_(loop, handler, inside_options(std::move(options))) {}

io::Task<Result<InsideClient>> Inside::connect() {
  auto [ours, theirs] = io::memory_streams(loop_);
  rpc::ListenerOptions listener;
  listener.name = "DASHBOARD";
  server_.serve(std::move(theirs), listener);
  rpc::ConnectOptions options;
  options.client_id = "odradek-dashboard";
  options.deadline = loop_.now() + kConnectTime;
  Result<std::unique_ptr<rpc::ClientConnection>> connection =
      co_await rpc::ClientConnection::over(loop_, std::move(ours), std::move(options));
  if (!connection) co_return std::move(connection).error();
  co_return InsideClient(loop_, *std::move(connection));
}

}  // namespace odradek::broker::dashboard
