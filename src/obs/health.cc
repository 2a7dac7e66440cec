#include "obs/health.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace odradek::obs {
namespace {

using Json = nlohmann::json;

http::HttpResponse metrics_response(const Registry& registry) {
  http::HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = registry.render();
  return response;
}

http::HttpResponse ready_response(const Health& health) {
  Json checks = Json::array();
  bool is_ready = true;
  for (const Health::Condition& condition : health.conditions()) {
    Json check{{"name", condition.name}, {"ready", condition.reason.empty()}};
    if (!condition.reason.empty()) {
      check["reason"] = condition.reason;
      is_ready = false;
    }
    checks.push_back(std::move(check));
  }
  const Json json{{"status", is_ready ? "ready" : "not ready"}, {"checks", std::move(checks)}};
  http::HttpResponse response;
  response.status = is_ready ? 200 : 503;
  response.content_type = "application/json";
  response.body = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return response;
}

}  // namespace

void Health::add(std::string name, Check check) {
  entries_.push_back({std::move(name), std::move(check)});
}

std::vector<Health::Condition> Health::conditions() const {
  std::vector<Condition> conditions;
  for (const Entry& entry : entries_) {
    Condition condition{entry.name, ""};
    if (const Result<void> result = entry.check(); !result) {
      condition.reason = result.error().message();
      if (condition.reason.empty()) condition.reason = errc_name(result.error().code());
    }
    conditions.push_back(std::move(condition));
  }
  if (stopping_) conditions.push_back({"running", "stopping"});
  return conditions;
}

bool Health::is_ready() const {
  return std::ranges::all_of(conditions(),
                             [](const Condition& condition) { return condition.reason.empty(); });
}

void add_routes(http::Router& router, const Registry& registry, const Health& health) {
  router.get("/metrics",
             [&registry](const http::HttpRequest&) { return metrics_response(registry); });
  router.get("/healthz", [](const http::HttpRequest&) {
    http::HttpResponse response;
    response.body = "ok\n";
    return response;
  });
  router.get("/readyz", [&health](const http::HttpRequest&) { return ready_response(health); });
}

}  // namespace odradek::obs
