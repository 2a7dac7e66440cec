#include "broker/dashboard/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace odradek::broker::dashboard {
namespace {

using ::testing::HasSubstr;

http::HttpRequest request(std::string method, http::Headers headers) {
  http::HttpRequest request;
  request.method = std::move(method);
  request.headers = std::move(headers);
  return request;
}

// The status of the refusal; 200 when the request may be.
int status(const Guard& guard, const http::HttpRequest& request, bool needs_token = true) {
  const auto refused = guard.refuse(request, needs_token);
  return refused ? refused->status : 200;
}

GuardOptions with_token() {
  GuardOptions options;
  options.token = Secret("a-token-of-twenty-letters");
  return options;
}

TEST(Guard, KnowsOnlyItsOwnNames) {
  const Guard guard({.hosts = {"box.example"}});
  for (const char* host : {"localhost", "localhost:8080", "127.0.0.1:8080", "127.9.9.9",
                           "[::1]:8080", "LOCALHOST:1", "box.example:8080", "x.localhost"}) {
    EXPECT_EQ(status(guard, request("GET", {{"Host", host}})), 200) << host;
  }
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example",
                           "127.0.0.1@evil.example", "", "0.0.0.0:8080", "[::2]", "1.127.0.0.1"}) {
    EXPECT_EQ(status(guard, request("GET", {{"Host", host}})), 421) << host;
    EXPECT_EQ(status(guard, request("GET", {{"Host", host}}), false), 421) << host;
  }
}

TEST(Guard, RefusesOtherSitesAndOrigins) {
  const Guard guard({});
  const auto from = [&](const char* method, const char* name, const char* value) {
    return status(guard, request(method, {{"Host", "localhost:8080"}, {name, value}}));
  };
  EXPECT_EQ(from("POST", "Origin", "http://localhost:8080"), 200);
  EXPECT_EQ(from("POST", "Origin", "http://localhost:3000"), 403);
  EXPECT_EQ(from("POST", "Origin", "https://localhost:8080"), 403);
  EXPECT_EQ(from("POST", "Origin", "null"), 403);
  EXPECT_EQ(from("DELETE", "Origin", "http://evil.example"), 403);
  EXPECT_EQ(from("GET", "Origin", "http://evil.example"), 403);
  EXPECT_EQ(from("GET", "Sec-Fetch-Site", "cross-site"), 403);
  EXPECT_EQ(from("GET", "Sec-Fetch-Site", "same-site"), 403);
  EXPECT_EQ(from("GET", "Sec-Fetch-Site", "same-origin"), 200);
  EXPECT_EQ(from("GET", "Sec-Fetch-Site", "none"), 200);
}

TEST(Guard, LetsALinkFromElsewhereOpenAPageButNotTheApi) {
  const Guard guard({});
  const http::HttpRequest link = request(
      "GET",
      {{"Host", "localhost"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}});
  EXPECT_EQ(status(guard, link, false), 200);
  EXPECT_EQ(status(guard, link, true), 403);
}

TEST(Guard, AsksForTheTokenButNotForPages) {
  const Guard guard(with_token());
  const auto with = [&](const char* name, const std::string& value) {
    return status(guard, request("GET", {{"Host", "any.example"}, {name, value}}));
  };
  EXPECT_EQ(status(guard, request("GET", {{"Host", "any.example"}}), false), 200);
  EXPECT_EQ(status(guard, request("GET", {{"Host", "any.example"}})), 401);
  EXPECT_EQ(with("Authorization", "Bearer a-token-of-twenty-letters"), 200);
  EXPECT_EQ(with("Authorization", "Bearer a-token-of-twenty-letter"), 401);
  EXPECT_EQ(with("Authorization", "Bearer "), 401);
  EXPECT_EQ(with("Cookie", "odradek_session="), 401);
  EXPECT_EQ(with("Cookie", "odradek_session=a-token-of-twenty-letters"), 401);
}

TEST(Guard, GivesACookieThatStandsForTheTokenAndDoesNotTellIt) {
  const Guard guard(with_token());
  http::HttpRequest log_in = request("POST", {{"Host", "any.example"}});
  log_in.body = R"({"token": "wrong"})";
  EXPECT_EQ(guard.log_in(log_in).status, 401);
  log_in.body = "nonsense";
  EXPECT_EQ(guard.log_in(log_in).status, 400);
  log_in.body = R"({"token": "a-token-of-twenty-letters"})";
  const http::HttpResponse response = guard.log_in(log_in);
  ASSERT_EQ(response.status, 200);
  ASSERT_EQ(response.headers.size(), 1U);
  const std::string& cookie = response.headers[0].second;
  EXPECT_THAT(cookie, HasSubstr("; HttpOnly; SameSite=Strict"));
  EXPECT_EQ(cookie.find("twenty"), std::string::npos);
  const std::string pair = "theme=dark; " + cookie.substr(0, cookie.find(';'));
  EXPECT_EQ(status(guard, request("GET", {{"Host", "any.example"}, {"Cookie", pair}})), 200);
}

TEST(Guard, IsClosedElsewhereWithoutTokenOrTls) {
  GuardOptions options;
  options.bind_host = "0.0.0.0";
  const Guard open_to_all(options);
  EXPECT_FALSE(open_to_all.is_open());
  GuardOptions guarded;
  guarded.has_access_control = true;
  EXPECT_FALSE(Guard(guarded).is_open()) << "on loopback, too";
  guarded.token = Secret("0123456789abcdef");
  EXPECT_TRUE(Guard(guarded).is_open());
  EXPECT_EQ(status(open_to_all, request("GET", {{"Host", "localhost"}}), false), 403);
  options.tls = true;
  EXPECT_TRUE(Guard(options).is_open());
  options.tls = false;
  options.token = Secret("a-token-of-twenty-letters");
  EXPECT_TRUE(Guard(options).is_open());
}

TEST(Guard, WantsTokensThatCannotBeGuessed) {
  EXPECT_TRUE(check_token(Secret("")));
  EXPECT_TRUE(check_token(Secret("sixteen-letters!")));
  EXPECT_EQ(check_token(Secret("short")).error().code(), Errc::kConfig);
}

}  // namespace
}  // namespace odradek::broker::dashboard
