#include "client/security/token_source.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "client/security/token_endpoint.h"
#include "io/task_group.h"

namespace odradek::client {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
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
  const auto refused = parse_token_answer(401, R"({"error":"invalid_client"})", now);
  EXPECT_NE(refused.error().message().find("401: invalid_client"), std::string_view::npos);
}

}  // namespace
}  // namespace odradek::client
