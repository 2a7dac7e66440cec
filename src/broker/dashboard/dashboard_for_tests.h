#pragma once

#include <optional>
#include <string>

#include "broker/broker_for_tests.h"
#include "broker/dashboard/dashboard.h"

// A broker under a clock turned by hand with its dashboard; requests go to the router, not through
// sockets.
namespace odradek::broker::dashboard::testing {

class DashboardTest : public broker::testing::BrokerTest {
 protected:
  void SetUp() override {
    BrokerTest::SetUp();
    open({});
  }
  void TearDown() override {
    close();
    BrokerTest::TearDown();
  }

  void open(GuardOptions guard) {
    close();
    router_.emplace();
    dashboard_.emplace(loop_, broker_->parts(), DashboardOptions{std::move(guard), "test 1"});
    dashboard_->add_routes(*router_);
  }
  void close() {
    if (dashboard_) loop_.block_on(dashboard_->stop());
    dashboard_.reset();
  }

  static http::HttpRequest request(const std::string& method, const std::string& target,
                                   std::string body = {}) {
    http::HttpRequest request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (target.find('?') != std::string::npos) request.query = target.substr(target.find('?') + 1);
    request.headers = {{"Host", "localhost:8080"}};
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    return request;
  }
  http::HttpResponse send(http::HttpRequest request) {
    return loop_.block_on(router_->handle(std::move(request)));
  }

  struct Answer {
    int status;
    Json json;
    std::string code() const { return json["error"]["code"]; }
  };
  Answer ask(const std::string& method, const std::string& path, const std::string& body = {}) {
    const http::HttpResponse response = send(request(method, "/api/v1" + path, body));
    return {response.status, Json::parse(response.body, nullptr, false)};
  }
  Json get(const std::string& path) {
    Answer answer = ask("GET", path);
    EXPECT_EQ(answer.status, 200) << answer.json;
    return std::move(answer.json);
  }
  Json post(const std::string& path, const std::string& body) {
    Answer answer = ask("POST", path, body);
    EXPECT_EQ(answer.status, 200) << answer.json;
    return std::move(answer.json);
  }

  std::optional<http::Router> router_;
  std::optional<Dashboard> dashboard_;
};

}  // namespace odradek::broker::dashboard::testing
