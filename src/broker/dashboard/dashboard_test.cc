// The pages' files and the API as a whole; what each operation does is in api_test.cc.

#include "broker/dashboard/dashboard.h"

#include <gmock/gmock.h>

#include <set>

#include "broker/dashboard/assets.h"
#include "broker/dashboard/dashboard_for_tests.h"

namespace odradek::broker::dashboard {
namespace {

using ::testing::HasSubstr;

using Dashboard = testing::DashboardTest;

std::string_view header(const http::HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST_F(Dashboard, ServesItsFilesPackedOrPlainAndOnce) {
  http::HttpRequest plain = request("GET", "/");
  const http::HttpResponse page = send(plain);
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("<!doctype html>"));
  EXPECT_THAT(std::string(header(page, "Content-Security-Policy")),
              HasSubstr("default-src 'none'"));
  plain.headers.emplace_back("Accept-Encoding", "gzip, br");
  const http::HttpResponse packed = send(plain);
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_LT(packed.body.size(), page.body.size());
  plain.headers.emplace_back("If-None-Match", header(page, "ETag"));
  EXPECT_EQ(send(plain).status, 304);
  EXPECT_EQ(send(request("GET", "/assets/none.js")).status, 404);
  EXPECT_EQ(send(request("GET", "/assets/../dashboard.cc")).status, 404);
}

TEST_F(Dashboard, IsSmallAndAsksNothingOfOthers) {
  size_t bytes = 0;
  for (const Asset& asset : all_assets()) {
    bytes += asset.gzip.size();
    const std::string body = send(request("GET", "/assets/" + std::string(asset.name))).body;
    EXPECT_FALSE(body.empty()) << asset.name;
    EXPECT_EQ(body.find("innerHTML"), std::string::npos) << asset.name;
    EXPECT_EQ(body.find("style=\""), std::string::npos) << asset.name << ": inline style";
    EXPECT_EQ(body.find("src=\"http"), std::string::npos) << asset.name;
    EXPECT_EQ(body.find("url(http"), std::string::npos) << asset.name;
  }
  EXPECT_LE(bytes, 200U * 1024);
}

TEST_F(Dashboard, DescribesExactlyTheOperationsItHas) {
  std::set<std::string> routes = {"POST /api/v1/session", "DELETE /api/v1/session",
                                  "GET /api/v1/openapi.json"};
  for (const ApiRoute& route : api_routes()) {
    routes.insert(std::string(route.method) + " " + std::string(route.path));
  }
  const Json document = get("/openapi.json");
  std::set<std::string> described;
  std::set<std::string> ids;
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, about] : methods.items()) {
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
      described.insert(upper + " " + path);
      EXPECT_TRUE(ids.insert(about["operationId"]).second) << about["operationId"];
      EXPECT_FALSE(about["summary"].empty());
    }
  }
  EXPECT_EQ(described, routes);
}

TEST_F(Dashboard, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(ask("GET", "/nothing").code(), "NOT_FOUND");
  EXPECT_EQ(ask("DELETE", "/overview").status, 405);
  EXPECT_EQ(ask("POST", "/topics", "[]").status, 400);
  EXPECT_EQ(ask("POST", "/topics", R"({"name": 7})").status, 400);
  EXPECT_EQ(ask("POST", "/topics", std::string(100'000, '[')).status, 400);
}

TEST_F(Dashboard, TakesNoFormForARequest) {
  http::HttpRequest form = request("POST", "/api/v1/topics");
  form.headers.emplace_back("Content-Type", "text/plain");
  form.body = R"({"name":"made-by-another-site"})";
  EXPECT_EQ(send(form).status, 400);
  EXPECT_EQ(get("/topics")["topics"].size(), 0U);
}

TEST_F(Dashboard, AsksForItsTokenOnEveryOperation) {
  GuardOptions guard;
  guard.token = Secret("a-token-of-twenty-letters");
  open(std::move(guard));
  for (const ApiRoute& route : api_routes()) {
    const http::HttpResponse response =
        send(request(std::string(route.method), std::string(route.path), "{}"));
    EXPECT_EQ(response.status, 401) << route.method << " " << route.path;
  }
  EXPECT_EQ(send(request("GET", "/api/v1/openapi.json")).status, 401);
  EXPECT_EQ(send(request("GET", "/")).status, 200);
}

}  // namespace
}  // namespace odradek::broker::dashboard
