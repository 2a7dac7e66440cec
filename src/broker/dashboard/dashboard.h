#pragma once

#include <string>

#include "broker/broker_parts.h"
#include "broker/dashboard/api.h"
#include "broker/dashboard/guard.h"
#include "http/router.h"

namespace odradek::broker::dashboard {

struct DashboardOptions {
  GuardOptions guard;
  std::string version;  // of the program, as people are told
};

// The broker's pages and their JSON API, for a router: "/", "/assets/*", "/api/v1/*". Works for a
// started broker until that stops. Before: stop the HTTP server whose router has the routes, then
// await stop(). Belongs to the broker's loop.
class Dashboard {
 public:
  Dashboard(io::Loop& loop, const BrokerParts& parts, DashboardOptions options);
  Dashboard(const Dashboard&) = delete;
  Dashboard& operator=(const Dashboard&) = delete;

  // False when it answers nothing: it listens elsewhere than on loopback, with neither token nor
  // TLS.
  bool is_open() const { return guard_.is_open(); }
  std::string_view why_closed() const { return guard_.why_closed(); }
  void add_routes(http::Router& router);
  io::Task<void> stop() { return inside_.stop(); }

 private:
  http::HttpResponse page(const http::HttpRequest& request) const;
  io::Task<http::HttpResponse> api(http::HttpRequest request);

  Guard guard_;
  Inside inside_;
  Sampler sampler_;
  ApiContext context_;
};

}  // namespace odradek::broker::dashboard
