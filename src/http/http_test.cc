#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "http/router.h"
#include "http/server.h"
#include "io/certificates_for_tests.h"
#include "io/stream.h"
#include "io/task_group.h"

namespace odradek::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

io::Task<HttpResponse> slow_answer(io::Loop* loop) {
  Result<void> slept = co_await io::sleep(*loop, milliseconds(5));
  HttpResponse response;
  response.body = slept ? "slow" : "cancelled";
  co_return response;
}

io::Task<HttpResponse> never(io::Loop* loop) {
  Result<void> slept = co_await io::sleep(*loop, std::chrono::hours(1));
  co_return plain_response(slept ? 200 : 503);
}

io::Task<HttpResponse> echo(HttpRequest request) {
  HttpResponse response;
  response.body = request.body;
  response.headers.emplace_back("X-Type",
                                std::string(request.header("content-type")) + "\r\nX-Evil: 1");
  co_return response;
}

io::Task<void> three_pieces(BodyWriter* writer) {
  for (const char* piece : {"one ", "", "two ", "three"}) {
    Result<void> written = co_await writer->write(piece);
    if (!written) co_return;
  }
}

HttpResponse stream_answer(const HttpRequest& /*request*/) {
  HttpResponse response;
  response.stream = [](BodyWriter& writer) { return three_pieces(&writer); };
  return response;
}

io::Task<void> until_it_fails(io::Loop* loop, BodyWriter* writer, bool* ended) {
  Result<void> written;
  while (written) {
    written = co_await writer->write("tick\n");
    if (written) written = co_await io::sleep(*loop, milliseconds(1));
  }
  *ended = true;
}

// A server with a few routes; requests are written and answers read as raw bytes.
class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    router_.get("/hello", [](const HttpRequest& request) {
      HttpResponse response;
      response.body = "hello " + request.query_value("name");
      return response;
    });
    router_.get("/throws",
                [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("x"); });
    router_.add("GET", "/slow", [this](const HttpRequest&) { return slow_answer(&loop_); });
    router_.add("GET", "/never", [this](const HttpRequest&) { return never(&loop_); });
    router_.add("POST", "/echo", echo);
    router_.get("/api/*", [](const HttpRequest& request) {
      HttpResponse response;
      response.body = request.path;
      return response;
    });
  }
  ~HttpServerTest() override { loop_.block_on(server_.stop()); }

  void listen(HttpServerOptions options = {}) {
    const Result<uint16_t> port = server_.listen(std::move(options));
    ASSERT_TRUE(port) << port.error().to_string();
    port_ = *port;
  }

  // Sends the bytes on one connection and gives all that comes until the server closes it.
  std::string exchange(const std::string& bytes) {
    return loop_.block_on(exchange_task(&loop_, port_, bytes));
  }
  static io::Task<std::string> exchange_task(io::Loop* loop, uint16_t port, std::string bytes) {
    Result<std::unique_ptr<io::Stream>> stream =
        co_await io::connect_tcp(*loop, "127.0.0.1", port, loop->now() + seconds(10));
    if (!stream) co_return "cannot connect";
    Result<void> written = co_await (*stream)->write(Slice::copy_of(bytes));
    std::string answer = written ? "" : "cannot write";
    while (written) {
      Result<void> readable = co_await (*stream)->wait_readable();
      std::array<uint8_t, 4096> chunk;
      const Result<size_t> count =
          readable ? (*stream)->read_now(chunk) : Result<size_t>(Errc::kClosed);
      if (!count) break;
      answer.append(reinterpret_cast<const char*>(chunk.data()), *count);
    }
    co_return answer;
  }

  io::Loop loop_;
  Router router_;
  HttpServer server_{loop_, router_.handler()};
  uint16_t port_ = 0;
};

std::string get(const std::string& target, const std::string& more = "Connection: close\r\n") {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}

TEST_F(HttpServerTest, AnswersAGet) {
  listen();
  const std::string answer = exchange(get("/hello?name=w%C3%B6rld+1&x"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(answer,
              HasSubstr("Content-Type: text/plain; charset=utf-8\r\nContent-Length: 14\r\n"));
  EXPECT_THAT(answer, EndsWith("Connection: close\r\n\r\nhello wörld 1"));
}

TEST_F(HttpServerTest, KeepsTheConnectionForPipelinedRequests) {
  listen();
  const std::string answer =
      exchange(get("/slow", "") + get("/hello?name=a", "") + get("/hello?name=b"));
  const size_t slow = answer.find("\r\n\r\nslow");
  const size_t first = answer.find("hello a");
  EXPECT_LT(slow, first);
  EXPECT_LT(first, answer.find("hello b"));
  EXPECT_THAT(answer, EndsWith("hello b"));
}

TEST_F(HttpServerTest, HeadHasNoBodyAndHttp10Closes) {
  listen();
  const std::string head = exchange("HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  EXPECT_THAT(exchange("GET /hello HTTP/1.0\r\n\r\n"), EndsWith("Connection: close\r\n\r\nhello "));
}

TEST_F(HttpServerTest, RoutesByPathAndMethod) {
  listen();
  EXPECT_THAT(exchange(get("/nothing")), StartsWith("HTTP/1.1 404 Not Found"));
  EXPECT_THAT(exchange(get("/api/topics/x")), EndsWith("/api/topics/x"));
  const std::string post = exchange(
      "POST /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
      "Content-Length: 0\r\n\r\n");
  EXPECT_THAT(post, StartsWith("HTTP/1.1 405 Method Not Allowed"));
  EXPECT_THAT(post, HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(exchange(get("/throws")), StartsWith("HTTP/1.1 500 Internal Server Error"));
}

TEST_F(HttpServerTest, ReadsBodiesAndKeepsHeadersApart) {
  listen();
  const std::string sized = exchange(
      "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
      "Content-Type: a/b\r\nContent-Length: 5\r\n\r\n12345");
  EXPECT_THAT(sized, EndsWith("\r\n\r\n12345"));
  EXPECT_THAT(sized, HasSubstr("X-Type: a/b  X-Evil: 1\r\n"));
  const std::string chunked = exchange(
      "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(chunked, EndsWith("\r\n\r\nabcde"));
}

TEST_F(HttpServerTest, RefusesWhatIsMalformedOrTooLarge) {
  HttpServerOptions options;
  options.limits.max_header_bytes = 1024;
  options.limits.max_body_bytes = 100;
  options.limits.linger_timeout = milliseconds(10);
  listen(options);
  EXPECT_THAT(exchange("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(exchange(get("/" + std::string(5000, 'a'))), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n" +
                       std::string(101, 'b')),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "FFFFFFFFFFFFFFFFF\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                       "Content-Length: 2\r\n\r\nab"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(exchange(std::string("\x16\x03\x01\x00", 4) + std::string(2000, 'z')).substr(0, 10),
            "HTTP/1.1 4");
}

TEST_F(HttpServerTest, SaysContinueToWhoWaitsForIt) {
  HttpServerOptions options;
  options.limits.request_timeout = milliseconds(50);
  listen(options);
  const std::string answer = exchange(
      "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
      "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 100 Continue\r\n\r\n"));
}

TEST_F(HttpServerTest, ClosesSlowAndIdleClients) {
  HttpServerOptions options;
  options.limits.request_timeout = milliseconds(30);
  options.limits.idle_timeout = milliseconds(30);
  listen(options);
  EXPECT_EQ(exchange("GET /hello HTT"), "");
  EXPECT_EQ(exchange(""), "");
  EXPECT_THAT(exchange(get("/hello", "")), EndsWith("keep-alive\r\n\r\nhello "));
}

TEST_F(HttpServerTest, StopsWhileAHandlerWaits) {
  listen();
  io::TaskGroup tasks(loop_);
  std::string answer = "none";
  const auto connect = [](std::string* into, io::Loop* loop, uint16_t port) -> io::Task<void> {
    *into = co_await exchange_task(loop, port, get("/never"));
  };
  tasks.spawn(connect(&answer, &loop_, port_));
  const MonotonicTime deadline = loop_.now() + seconds(10);
  while (server_.connections() == 0 && loop_.now() < deadline) loop_.run_ready();
  loop_.block_on(server_.stop());
  EXPECT_EQ(server_.connections(), 0U);
  loop_.block_on(tasks.join());
  EXPECT_EQ(answer.find("200 OK"), std::string::npos);
}

TEST_F(HttpServerTest, StreamsABodyInChunksOrUntilTheEnd) {
  router_.get("/stream", stream_answer);
  listen();
  const std::string kept = exchange(get("/stream", "") + get("/hello?name=b"));
  EXPECT_THAT(kept, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(kept, HasSubstr("\r\n\r\n4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\nHTTP"));
  EXPECT_THAT(kept, EndsWith("hello b"));
  EXPECT_THAT(exchange("GET /stream HTTP/1.0\r\n\r\n"),
              EndsWith("Connection: close\r\n\r\none two three"));
  EXPECT_THAT(exchange("HEAD /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, EndsAStreamWhoseClientHasGone) {
  bool ended = false;
  router_.get("/ticks", [this, &ended](const HttpRequest&) {
    HttpResponse response;
    response.stream = [this, &ended](BodyWriter& writer) {
      return until_it_fails(&loop_, &writer, &ended);
    };
    return response;
  });
  listen();
  const auto read_a_little = [](io::Loop* loop, uint16_t port) -> io::Task<std::string> {
    Result<std::unique_ptr<io::Stream>> stream =
        co_await io::connect_tcp(*loop, "127.0.0.1", port, loop->now() + seconds(10));
    if (!stream) co_return "cannot connect";
    Result<void> written = co_await (*stream)->write(Slice::copy_of(get("/ticks", "")));
    std::array<uint8_t, 200> some;
    Result<void> read = co_await (*stream)->read_exactly(some);
    co_return written&& read ? "read" : "failed";
  };
  EXPECT_EQ(loop_.block_on(read_a_little(&loop_, port_)), "read");
  const MonotonicTime deadline = loop_.now() + seconds(10);
  while (!ended && loop_.now() < deadline) loop_.run_ready();
  EXPECT_TRUE(ended);
}

TEST_F(HttpServerTest, LimitsConnections) {
  HttpServerOptions options;
  options.limits.max_connections = 0;
  listen(options);
  EXPECT_EQ(exchange(get("/hello")), "");
}

// What a program prints, run while the loop serves.
std::string output_of(io::Loop& loop, const std::string& command) {
  std::string output;
  std::jthread runner([&] {
    FILE* const pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> chunk;
    size_t count = 0;
    while ((count = ::fread(chunk.data(), 1, chunk.size(), pipe)) > 0)
      output.append(chunk.data(), count);
    ::pclose(pipe);
    loop.stop();
  });
  loop.run();
  return output;
}

TEST_F(HttpServerTest, ServesCurl) {
  listen();
  const std::string base = fmt::format("http://127.0.0.1:{}", port_);
  const std::string output = output_of(
      loop_,
      fmt::format("curl -sS -m 10 '{0}/hello?name=curl' '{0}/slow' -w '%{{num_connects}}' 2>&1;"
                  "head -c 300000 /dev/zero | curl -sS -m 10 --data-binary @- "
                  "-o /dev/null -w ' %{{http_code}} %{{size_download}}' {0}/echo 2>&1;"
                  "head -c 3000000 /dev/zero | curl -sS -m 10 --data-binary @- "
                  "-o /dev/null -w ' %{{http_code}}' {0}/echo 2>&1;"
                  "curl -sS -m 10 -I {0}/hello 2>&1",
                  base));
  EXPECT_THAT(output, StartsWith("hello curl1slow0 200 300000 413HTTP/1.1 200 OK\r\n"));
}

TEST(HttpTls, ServesCurlOverTls) {
  io::Loop loop;
  Router router;
  router.get("/", [](const HttpRequest&) { return plain_response(200); });
  HttpServer server(loop, router.handler());
  const auto certificate = io::testing::make_certificate({});
  const auto context = io::testing::make_context(&certificate, nullptr);
  HttpServerOptions options;
  options.tls = [context] { return context; };
  const Result<uint16_t> port = server.listen(std::move(options));
  ASSERT_TRUE(port) << port.error().to_string();
  EXPECT_EQ(output_of(loop, fmt::format("curl -sSk -m 10 https://127.0.0.1:{}/ 2>&1", *port)),
            "200 OK\n");
  loop.block_on(server.stop());
}

}  // namespace
}  // namespace odradek::http
