#pragma once

#include <memory>

#include "rpc/client_connection.h"
#include "rpc/server.h"

namespace odradek::broker::dashboard {

// One Kafka client of the dashboard; closed when destroyed. One loop.
class InsideClient {
 public:
  InsideClient(io::Loop& loop, std::unique_ptr<rpc::ClientConnection> connection)
      : loop_(&loop), connection_(std::move(connection)) {}

  // Whether the broker serves this API.
  bool offers(proto::ApiKey key) const { return connection_->version_for(key).has_value(); }

  // Asks in the newest version both sides know, at most `at_most`. `request` must outlive the call.
  // Errors: ClientConnection::call.
  template <class Req>
  io::Task<Result<rpc::Decoded<proto::ResponseOf<Req>>>> call(const Req& request,
                                                              int16_t at_most = INT16_MAX) {
    ODK_CO_TRY(const int16_t version, connection_->version_for(Req::kApiKey, at_most));
    const MonotonicTime deadline = loop_->now() + kCallTime;
    Result<rpc::Decoded<proto::ResponseOf<Req>>> answer =
        co_await connection_->call(request, version, deadline);
    co_return answer;
  }

 private:
  static constexpr MonotonicTime::duration kCallTime = std::chrono::seconds(60);

  io::Loop* loop_;
  std::unique_ptr<rpc::ClientConnection> connection_;
};

// Lets the dashboard speak Kafka's protocol with the broker it lives in, through memory: what it
// reads and changes goes through the handlers all clients use, with their checks and codes. Its
// connections are trusted (ConnectionInfo::is_inside) and not among the clients'. One loop.
class Inside {
 public:
  // The handler must outlive it, and stop() must be done before it goes.
  Inside(io::Loop& loop, rpc::RequestHandler& handler, rpc::ServerOptions options);

  // A new connection: costs some microseconds, so each request of the dashboard has its own.
  io::Task<Result<InsideClient>> connect();
  io::Task<void> stop() { return server_.stop(); }

 private:
  io::Loop& loop_;
  rpc::Server server_;
};

}  // namespace odradek::broker::dashboard
