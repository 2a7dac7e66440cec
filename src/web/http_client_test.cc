#include "web/http_client.h"

#include <gtest/gtest.h>

#include "http/server.h"
#include "io/worker_pool.h"

namespace odradek::web {
namespace {

class HttpClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Result<uint16_t> port = server_.listen({});
    ASSERT_TRUE(port);
    address_ = "http://127.0.0.1:" + std::to_string(*port);
  }
  void TearDown() override { loop_.block_on(server_.stop()); }

  static io::Task<http::HttpResponse> answer(http::HttpRequest request) {
    http::HttpResponse response;
    response.body = "{\"keys\":[]}";
    if (request.path == "/echo") response.body = request.body;
    if (request.path == "/none") response.status = 404;
    co_return response;
  }

  Result<HttpResponse> send(HttpRequest request) {
    request.url = address_ + request.url;
    return loop_.block_on(pool_.run([&] { return client_.send(request); }));
  }

  io::Loop loop_;
  io::WorkerPool pool_{loop_, 1};
  http::HttpServer server_{loop_, answer};
  SystemClock clock_;
  HttpClient client_{{}, clock_};
  std::string address_;
};

TEST_F(HttpClientTest, SendsABodyInPiecesAndReadsTheAnswer) {
  const Result<HttpResponse> echo =
      send({.method = "POST", .url = "/echo", .body = {as_bytes("one "), {}, as_bytes("two")}});
  ASSERT_TRUE(echo) << echo.error().to_string();
  EXPECT_EQ(echo->status, 200);
  EXPECT_EQ(echo->body.text(), "one two");
  EXPECT_EQ(echo->header("content-length"), "7");
}

TEST_F(HttpClientTest, StatusesAreAnswers) {
  EXPECT_EQ(send({.url = "/none"})->status, 404);
  const Result<HttpResponse> head = send({.method = "HEAD", .url = "/keys"});
  ASSERT_TRUE(head) << head.error().to_string();
  EXPECT_EQ(head->body.size(), 0U);
}

TEST_F(HttpClientTest, BoundsTheAnswer) {
  EXPECT_EQ(send({.url = "/keys", .max_bytes = 3}).error().code(), Errc::kLimitExceeded);
}

TEST_F(HttpClientTest, SendsNoHeaderThatIsTwo) {
  EXPECT_EQ(send({.url = "/keys", .headers = {{"x", "a\r\ny: b"}}}).error().code(),
            Errc::kInvalidArgument);
}

TEST_F(HttpClientTest, NamesWhatFailedAndNoSecret) {
  EXPECT_EQ(client_.send({.url = "http://127.0.0.1:1/?sig=hidden"}).error().code(), Errc::kNetwork);
  const Result<HttpResponse> other = client_.send({.url = "file:///etc/passwd?sig=hidden"});
  EXPECT_EQ(other.error().code(), Errc::kInvalidArgument);
  EXPECT_FALSE(other.error().to_string().contains("hidden"));
}

}  // namespace
}  // namespace odradek::web
