#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "io/task_group.h"
#include "proxy/handlers/handler.h"
#include "proxy/session.h"
#include "rpc/server.h"

namespace odradek::proxy {

// Gives each client connection its session and each request its handler. One loop.
class ProxyService final : public rpc::RequestHandler {
 public:
  // `context` outlives the service.
  explicit ProxyService(ProxyContext& context);

  void on_request(rpc::Request request) override;
  // Produce requests queue in their session: see produce_queue.h.
  bool can_start_beside(proto::ApiKey next, proto::ApiKey waiting) override {
    return next == proto::ApiKey::kProduce && waiting == proto::ApiKey::kProduce;
  }
  void on_disconnect(const rpc::ConnectionInfo& connection) override;

  // Ends all sessions and waits for their tasks, a short while also for what is still produced.
  io::Task<void> stop();

 private:
  static io::Task<void> serve(Session* session, const Handler* handler, rpc::Request request);
  static io::Task<void> reap(std::shared_ptr<Session> session);
  void end(std::shared_ptr<Session> session);

  ProxyContext* context_;
  std::map<proto::ApiKey, Handler> handlers_;
  std::unordered_map<uint64_t, std::shared_ptr<Session>> sessions_;  // by connection id
  uint64_t last_session_ = 0;
  std::vector<std::weak_ptr<Session>> ending_;
  io::TaskGroup reapers_;
};

}  // namespace odradek::proxy
