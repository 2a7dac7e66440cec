#pragma once

#include <memory>
#include <vector>

#include "broker/node.h"
#include "rpc/server.h"

namespace odradek::broker {

// Requests counted by API, for metrics.
struct ApiCounter {
  proto::ApiKey key{};
  uint64_t requests = 0;
};

// Gives each request to its API's handler. The table of handlers is also what ApiVersions tells,
// so nothing is promised that nobody does.
class Dispatcher final : public rpc::RequestHandler {
 public:
  explicit Dispatcher(Node& node);

  void on_request(rpc::Request request) override;
  bool can_start_beside(proto::ApiKey next, proto::ApiKey waiting) override;
  void on_disconnect(const rpc::ConnectionInfo& connection) override;

  const std::vector<ApiCounter>& counters() const { return counters_; }

 private:
  Node& node_;
  std::vector<ApiCounter> counters_;  // in the order of all_handlers()
};

// What the server offers: the handlers' ranges, and the features of this broker.
rpc::ServerOptions server_options(const Settings& settings);

}  // namespace odradek::broker
