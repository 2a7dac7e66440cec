#include "http/fetch.h"

#include <gtest/gtest.h>

#include "http/router.h"
#include "http/server.h"
#include "io/worker_pool.h"

namespace odradek::http {
namespace {

class FetchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Result<uint16_t> port = server_.listen({});
    ASSERT_TRUE(port);
    address_ = "http://127.0.0.1:" + std::to_string(*port);
  }
  void TearDown() override { loop_.block_on(server_.stop()); }

  static io::Task<HttpResponse> answer(HttpRequest request) {
    HttpResponse response;
    if (request.path == "/keys") response.body = "{\"keys\":[]}";
    if (request.path != "/keys") response.status = 404;
    co_return response;
  }

  Result<std::string> get(FetchOptions options) {
    return loop_.block_on(pool_.run([&options] { return fetch(options); }));
  }

  io::Loop loop_;
  io::WorkerPool pool_{loop_, 1};
  HttpServer server_{loop_, answer};
  std::string address_;
};

TEST_F(FetchTest, GivesTheBody) {
  const Result<std::string> body = get({.url = address_ + "/keys"});
  ASSERT_TRUE(body) << body.error().to_string();
  EXPECT_EQ(*body, "{\"keys\":[]}");
}

TEST_F(FetchTest, SaysWhatWentWrong) {
  EXPECT_EQ(get({.url = address_ + "/other"}).error().code(), Errc::kNetwork);
  EXPECT_EQ(get({.url = address_ + "/keys", .max_bytes = 3}).error().code(), Errc::kLimitExceeded);
  EXPECT_EQ(get({.url = "file:///etc/passwd"}).error().code(), Errc::kInvalidArgument);
  EXPECT_EQ(get({.url = "http://127.0.0.1:1/keys"}).error().code(), Errc::kNetwork);
}

}  // namespace
}  // namespace odradek::http
