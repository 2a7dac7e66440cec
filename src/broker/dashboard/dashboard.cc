#include "broker/dashboard/dashboard.h"

#include "broker/dashboard/assets.h"
#include "broker/dispatcher.h"
#include "broker/node.h"

namespace odradek::broker::dashboard {
namespace {

constexpr std::string_view kAssetsPath = "/assets/";
constexpr std::string_view kSessionPath = "/api/v1/session";
constexpr std::string_view kOpenApiPath = "/api/v1/openapi.json";

http::HttpResponse file(std::string_view name, const http::HttpRequest& request) {
  const Asset* asset = find_asset(name);
  return asset == nullptr ? http::plain_response(404) : serve_asset(*asset, request);
}

}  // namespace

Dashboard::Dashboard(io::Loop& loop, const BrokerParts& parts, DashboardOptions options)
    : guard_(std::move(options.guard)),
      inside_(loop, parts.dispatcher, server_options(parts.node.settings())),
      sampler_(loop, parts),
      context_{.loop = loop,
               .node = parts.node,
               .dispatcher = parts.dispatcher,
               .clients = parts.clients,
               .inside = inside_,
               .sampler = sampler_,
               .version = std::move(options.version),
               .started_ms = parts.node.wall_ms()} {}

void Dashboard::add_routes(http::Router& router) {
  const auto serve_page = [this](const http::HttpRequest& request) { return page(request); };
  router.get("/", serve_page);
  router.get("/favicon.ico", serve_page);
  router.get(std::string(kAssetsPath) + "*", serve_page);
  for (const char* method : {"GET", "POST", "PATCH", "DELETE"}) {
    router.add(method, "/api/v1/*",
               [this](http::HttpRequest request) { return api(std::move(request)); });
  }
}

http::HttpResponse Dashboard::page(const http::HttpRequest& request) const {
  std::optional<http::HttpResponse> refused = guard_.refuse(request, false);
  http::HttpResponse response;
  if (refused) {
    response = *std::move(refused);
  } else if (request.path == "/") {
    response = file("index.html", request);
  } else if (request.path == "/favicon.ico") {
    response = file("icon.svg", request);
  } else {
    response = file(request.path.substr(kAssetsPath.size()), request);
  }
  Guard::protect(response);
  return response;
}

io::Task<http::HttpResponse> Dashboard::api(http::HttpRequest request) {
  const bool is_session = request.path == kSessionPath;
  std::optional<http::HttpResponse> refused = guard_.refuse(request, !is_session);
  http::HttpResponse response;
  if (refused) {
    response = *std::move(refused);
  } else if (is_session && request.method == "POST") {
    response = guard_.log_in(request);
  } else if (is_session && request.method == "DELETE") {
    response = guard_.log_out();
  } else if (request.path == kOpenApiPath && request.method == "GET") {
    response = file("openapi.json", request);
  } else {
    response = co_await serve_api(context_, std::move(request));
    response.headers.emplace_back("Cache-Control", "no-store");
  }
  Guard::protect(response);
  co_return response;
}

}  // namespace odradek::broker::dashboard
