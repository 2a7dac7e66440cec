#include <gtest/gtest.h>

#include "http/router.h"
#include "http/server.h"
#include "io/worker_pool.h"
#include "web/ask.h"

namespace odradek::web {
namespace {

using http::HttpRequest;
using http::HttpResponse;

class WebTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Result<uint16_t> port = server_.listen({});
    ASSERT_TRUE(port);
    address_ = "http://127.0.0.1:" + std::to_string(*port);
  }
  void TearDown() override { loop_.block_on(server_.stop()); }

  static io::Task<HttpResponse> answer(HttpRequest request) {
    HttpResponse response;
    response.body = "{\"keys\":[]}";
    if (request.path == "/echo") response.body = request.body;
    if (request.path == "/none") response.status = 404;
    co_return response;
  }

  Result<Answer> get(Question question, std::stop_token stop = {}) {
    return loop_.block_on(pool_.run([&] { return ask(question, stop); }));
  }

  io::Loop loop_;
  io::WorkerPool pool_{loop_, 1};
  http::HttpServer server_{loop_, answer};
  std::string address_;
};

TEST_F(WebTest, GivesStatusAndBody) {
  const Result<Answer> keys = get({.url = address_ + "/keys"});
  ASSERT_TRUE(keys) << keys.error().to_string();
  EXPECT_EQ(keys->status, 200);
  EXPECT_EQ(keys->body, "{\"keys\":[]}");
  EXPECT_EQ(get({.url = address_ + "/none"})->status, 404);
}

TEST_F(WebTest, SendsAForm) {
  const Result<Answer> echo = get({.url = address_ + "/echo", .form = "a=1&b=2"});
  ASSERT_TRUE(echo) << echo.error().to_string();
  EXPECT_EQ(echo->body, "a=1&b=2");
}

TEST_F(WebTest, SaysWhatWentWrong) {
  EXPECT_EQ(get({.url = address_ + "/keys", .max_bytes = 3}).error().code(), Errc::kLimitExceeded);
  EXPECT_EQ(get({.url = "file:///etc/passwd"}).error().code(), Errc::kInvalidArgument);
  EXPECT_EQ(get({.url = "http://127.0.0.1:1/keys"}).error().code(), Errc::kNetwork);
}

TEST_F(WebTest, EndsWhenToldTo) {
  std::stop_source stop;
  stop.request_stop();
  const Result<Answer> answer = get({.url = address_ + "/keys"}, stop.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Errc::kCancelled);
}

}  // namespace
}  // namespace odradek::web
