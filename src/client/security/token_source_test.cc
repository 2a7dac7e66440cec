#include "client/security/token_source.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>

#include "client/client_options.h"
#include "client/security/token_endpoint.h"
#include "io/task_group.h"

namespace odradek::client {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::system_clock;

kafka::BearerToken token(std::string_view text, std::optional<system_clock::duration> life) {
  kafka::BearerToken made;
  made.token = kafka::Secret(text);
  if (life) made.expires_at = system_clock::now() + *life;
  return made;
}

class TokenSourceTest : public testing::Test {
 protected:
  Result<void> prepare(TokenSource& source) {
    return loop_.block_on(source.prepare(loop_, loop_.now() + seconds(20)));
  }

  io::Loop loop_;
};

TEST_F(TokenSourceTest, KeepsATokenForMostOfItsLife) {
  std::atomic<int> asked = 0;
  TokenSource source([&](std::stop_token) -> Result<kafka::BearerToken> {
    ++asked;
    return token("t", hours(1));
  });
  EXPECT_TRUE(prepare(source));
  EXPECT_TRUE(prepare(source));
  EXPECT_EQ(asked, 1);
  const auto exchange = source.start();
  ASSERT_TRUE(exchange.has_value());
  EXPECT_NE((*exchange)->first()->find("Bearer t"), std::string::npos);
}

TEST_F(TokenSourceTest, AsksForEachConnectionWhenTheEndIsNotKnown) {
  std::atomic<int> asked = 0;
  TokenSource source([&](std::stop_token) -> Result<kafka::BearerToken> {
    ++asked;
    return token("t", std::nullopt);
  });
  EXPECT_TRUE(prepare(source));
  EXPECT_TRUE(prepare(source));
  EXPECT_EQ(asked, 2);
}

TEST_F(TokenSourceTest, AsksAgainAfterATokenThatHadExpired) {
  std::atomic<int> asked = 0;
  TokenSource source([&](std::stop_token) -> Result<kafka::BearerToken> {
    return ++asked == 1 ? token("old", -hours(1)) : token("new", hours(1));
  });
  const auto expired = prepare(source);
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code(), Errc::kAuthentication);
  EXPECT_TRUE(prepare(source));
}

TEST_F(TokenSourceTest, SaysWhyThereIsNoToken) {
  TokenSource source([](std::stop_token) -> Result<kafka::BearerToken> {
    return Error(Errc::kAuthentication, "the provider is away");
  });
  const auto failed = prepare(source);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message().find("the provider is away"), std::string_view::npos);
  TokenSource throwing(
      [](std::stop_token) -> Result<kafka::BearerToken> { throw std::runtime_error("no luck"); });
  EXPECT_NE(prepare(throwing).error().message().find("no luck"), std::string_view::npos);
}

TEST_F(TokenSourceTest, KeepsTheKindOfWhatMayPass) {
  for (const Errc code : {Errc::kNetwork, Errc::kTimedOut, Errc::kTls, Errc::kAuthentication}) {
    TokenSource source([code](std::stop_token) -> Result<kafka::BearerToken> {
      return Error(code, "no token today");
    });
    EXPECT_EQ(prepare(source).error().code(), code);
  }
  TokenSource throwing(
      [](std::stop_token) -> Result<kafka::BearerToken> { throw std::runtime_error("no luck"); });
  EXPECT_EQ(prepare(throwing).error().code(), Errc::kNetwork);
}

TEST_F(TokenSourceTest, TakesTheKindOfAProgramsOwnProvider) {
  using kafka::ErrorKind;
  const std::pair<ErrorKind, Errc> kinds[] = {{ErrorKind::network, Errc::kNetwork},
                                              {ErrorKind::timeout, Errc::kTimedOut},
                                              {ErrorKind::tls, Errc::kTls},
                                              {ErrorKind::authentication, Errc::kAuthentication},
                                              {ErrorKind::internal, Errc::kAuthentication}};
  for (const auto& [kind, code] : kinds) {
    kafka::ClientOptions options;
    options.bootstrap = "127.0.0.1:9092";
    options.auth = kafka::OAuthBearer{.token_provider = [outage = kind] {
      return kafka::Result<kafka::BearerToken>(kafka::KafkaError(outage, "away"));
    }};
    const auto made = to_cluster_options(options);
    ASSERT_TRUE(made) << made.error().to_string();
    const auto prepared =
        loop_.block_on(made->security.prepare_sasl(loop_, loop_.now() + seconds(20)));
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().code(), code) << kafka::to_string(kind);
  }
}

// A provider that hangs while the token of before is still good keeps no connection waiting.
TEST(TokenSource, UsesATokenUntilItExpiresAndAsksForTheNextBehind) {
  ManualClock clock;
  io::Loop loop(clock);
  const system_clock::time_point begun{milliseconds(clock.wall_ms())};
  std::promise<void> may_end;
  std::shared_future<void> ended = may_end.get_future().share();
  std::atomic<int> asked = 0;
  TokenSource source([&asked, ended, begun](std::stop_token) -> Result<kafka::BearerToken> {
    const int number = ++asked;
    if (number == 2) ended.wait();
    kafka::BearerToken made;
    made.token = kafka::Secret(number == 1 ? "first" : "second");
    made.expires_at = begun + hours(number == 1 ? 1 : 3);
    return made;
  });
  const auto sent = [&source] { return *(*source.start())->first(); };
  ASSERT_TRUE(loop.block_on(source.prepare(loop, loop.now() + seconds(1))));
  clock.advance(minutes(55));
  ASSERT_TRUE(loop.block_on(source.prepare(loop, loop.now() + seconds(1))));
  EXPECT_NE(sent().find("Bearer first"), std::string::npos);
  may_end.set_value();
  clock.advance(minutes(10));
  ASSERT_TRUE(loop.block_on(source.prepare(loop, loop.now() + hours(1))));
  EXPECT_NE(sent().find("Bearer second"), std::string::npos);
}

// What a call that does not end by itself does when nobody waits for it any more.
TEST_F(TokenSourceTest, DoesNotWaitForACallUnderWay) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    bool may_end = false;
    bool has_ended = false;
  };
  const auto shared = std::make_shared<Shared>();
  auto source =
      std::make_unique<TokenSource>([shared](std::stop_token) -> Result<kafka::BearerToken> {
        std::unique_lock lock(shared->mutex);
        shared->changed.wait(lock, [&] { return shared->may_end; });
        shared->has_ended = true;
        shared->changed.notify_all();
        return token("late", hours(1));
      });
  const auto late = loop_.block_on(source->prepare(loop_, loop_.now() + milliseconds(50)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Errc::kTimedOut);
  source.reset();
  std::unique_lock lock(shared->mutex);
  shared->may_end = true;
  shared->changed.notify_all();
  shared->changed.wait(lock, [&] { return shared->has_ended; });
}

TEST(TokenAnswer, TellsTokenAndEnd) {
  const auto now = system_clock::now();
  const auto answer =
      parse_token_answer(200, R"({"access_token":"abc","expires_in":3600,"x":[1]})", now);
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->token.reveal(), "abc");
  EXPECT_EQ(answer->expires_at, now + hours(1));
  EXPECT_FALSE(parse_token_answer(200, R"({"access_token":"abc"})", now)->expires_at);
}

TEST(TokenAnswer, IsRefusedWhenItIsNone) {
  const auto now = system_clock::now();
  for (const char* body : {"", "[]", "{", "{}", R"({"access_token":1})", R"({"access_token":""})",
                           R"({"access_token":"abc","expires_in":"soon"})",
                           R"({"access_token":"abc","expires_in":-1})",
                           R"({"access_token":"abc","expires_in":1e300})"}) {
    const auto answer = parse_token_answer(200, body, now);
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().code(), Errc::kAuthentication);
    EXPECT_EQ(answer.error().message().find("abc"), std::string_view::npos);
  }
  for (const int outage : {408, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(parse_token_answer(outage, "", now).error().code(), Errc::kNetwork) << outage;
  }
  for (const int final_status : {302, 400, 401, 403, 404, 501}) {
    EXPECT_EQ(parse_token_answer(final_status, "", now).error().code(), Errc::kAuthentication)
        << final_status;
  }
  const auto refused = parse_token_answer(401, R"({"error":"invalid_client"})", now);
  EXPECT_NE(refused.error().message().find("401: invalid_client"), std::string_view::npos);
}

}  // namespace
}  // namespace odradek::client
