// The client connection against peers that misbehave.
#include <gtest/gtest.h>

#include "io/task_group.h"
#include "proto/array_of.h"
#include "proto/messages/api_versions_response.h"
#include "rpc/client_connection.h"
#include "rpc/rpc_for_tests.h"

namespace odradek::rpc {
namespace {

using proto::ApiKey;
using std::chrono::seconds;

using Connected = Result<std::unique_ptr<ClientConnection>>;

io::Task<void> store_over(io::Loop* loop, std::unique_ptr<io::Stream> stream,
                          ConnectOptions options, Connected* into) {
  *into = co_await ClientConnection::over(*loop, std::move(stream), std::move(options));
}

io::Task<void> store_call(ClientConnection* connection, SliceChain body, MonotonicTime deadline,
                          std::optional<Result<RawResponse>>* into) {
  into->emplace(co_await connection->call_raw(ApiKey::kHeartbeat, 0, std::move(body), deadline));
}

SliceChain body_of(std::string_view text) { return SliceChain(Slice::copy_of(text)); }

// A peer of the client that is played by the test, byte for byte.
struct PeerTest : ::testing::Test {
  ManualClock clock;
  io::Loop loop{clock};
  io::TaskGroup tasks{loop};
  Connected connected = Error(Errc::kInternal);
  std::optional<testing::RawClient> peer;
  testing::CapturedLog log;

  ~PeerTest() override {
    if (connected) connected->reset();
    peer.reset();
    loop.run_ready();
    loop.block_on(tasks.join());
  }

  void begin(size_t max_response_bytes = 512 * 1024 * 1024) {
    auto [ours, theirs] = io::memory_streams(loop);
    peer.emplace(loop, std::move(ours));
    ConnectOptions options;
    options.host = "localhost";
    options.deadline = loop.now() + seconds(10);
    options.max_response_bytes = max_response_bytes;
    tasks.spawn(store_over(&loop, std::move(theirs), std::move(options), &connected));
    loop.run_ready();
  }
  static int16_t version_of(const std::string& request) {
    return static_cast<int16_t>(static_cast<uint8_t>(request[2]) << 8U |
                                static_cast<uint8_t>(request[3]));
  }
  static int32_t correlation_of(const std::string& request) {
    return testing::correlation_of(request.substr(4));
  }
  void answer(int32_t correlation_id, std::string_view body) {
    std::string payload;
    testing::append_i32(payload, static_cast<uint32_t>(correlation_id));
    payload += body;
    std::string frame;
    testing::append_i32(frame, static_cast<uint32_t>(payload.size()));
    peer->send(frame + payload);
  }
  std::string versions(int16_t version, int16_t error, int16_t max_own) {
    proto::ApiVersionsResponse response;
    response.error_code = error;
    std::vector<proto::ApiVersionsResponse::ApiVersion> apis;
    if (max_own >= 0) apis.push_back({18, 0, max_own, {}});
    apis.push_back({12, 0, 4, {}});
    response.api_keys = proto::array_of(apis);
    wire::Writer writer(64);
    encode(writer, version, response);
    return std::string(writer.take().flatten().text());
  }
  void finish_opening() {
    const auto requests = peer->frames();
    ASSERT_EQ(requests.size(), 1U);
    answer(correlation_of(requests[0]), versions(4, 0, 4));
    ASSERT_TRUE(connected) << connected.error().to_string();
  }
};

TEST_F(PeerTest, FallsBackToTheVersionAnOlderBrokerTells) {
  begin();
  auto requests = peer->frames();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(version_of(requests[0]), 4);
  answer(correlation_of(requests[0]), versions(0, 35, 3));
  requests = peer->frames();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(version_of(requests[0]), 3);
  answer(correlation_of(requests[0]), versions(3, 0, 3));
  ASSERT_TRUE(connected) << connected.error().to_string();
  EXPECT_EQ((*connected)->version_for(ApiKey::kHeartbeat).value(), 4);
}

TEST_F(PeerTest, FallsBackToVersionZeroForBrokersThatTellNothing) {
  begin();
  auto requests = peer->frames();
  ASSERT_EQ(requests.size(), 1U);
  answer(correlation_of(requests[0]), std::string("\0\x23\0\0\0\0", 6));
  requests = peer->frames();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(version_of(requests[0]), 0);
  answer(correlation_of(requests[0]), versions(0, 0, 2));
  EXPECT_TRUE(connected);
}

TEST_F(PeerTest, ABrokerThatRefusesForEverIsGivenUp) {
  begin();
  for (int i = 0; i < 3; ++i) {
    const auto requests = peer->frames();
    ASSERT_EQ(requests.size(), 1U);
    answer(correlation_of(requests[0]), versions(0, 35, 4));
  }
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code(), Errc::kUnsupported);
  EXPECT_TRUE(peer->is_closed());
}

TEST_F(PeerTest, SilenceTimesOut) {
  begin();
  clock.advance(seconds(10));
  loop.run_ready();
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code(), Errc::kTimedOut);
  EXPECT_TRUE(peer->is_closed());
}

TEST_F(PeerTest, APortThatHangsUpIsExplained) {
  begin();
  peer->close();
  ASSERT_FALSE(connected);
  EXPECT_NE(connected.error().message().find("does the port expect TLS?"), std::string_view::npos);
}

TEST_F(PeerTest, AHttpServerIsExplained) {
  begin();
  peer->send("HTTP/1.1 400 Bad Request\r\n\r\n");
  ASSERT_FALSE(connected);
  EXPECT_NE(connected.error().message().find("HTTP"), std::string_view::npos)
      << connected.error().to_string();
}

TEST_F(PeerTest, ATlsServerIsExplained) {
  begin();
  peer->send(std::string("\x15\x03\x03\x00\x02\x02\x46", 7));
  ASSERT_FALSE(connected);
  EXPECT_NE(connected.error().message().find("TLS"), std::string_view::npos);
}

struct Violation {
  std::string name;
  std::function<std::string(int32_t)> bytes;
  Errc code;
};

TEST_F(PeerTest, ProtocolViolationsCloseTheConnection) {
  const std::vector<Violation> violations = {
      {"wrong correlation id",
       [](int32_t id) {
         std::string frame("\0\0\0\4", 4);
         testing::append_i32(frame, static_cast<uint32_t>(id + 7));
         return frame;
       },
       Errc::kMalformed},
      {"short header", [](int32_t) { return std::string("\0\0\0\2\0\0", 6); }, Errc::kMalformed},
      {"negative size", [](int32_t) { return std::string("\xff\xff\xff\xff", 4); },
       Errc::kMalformed},
      {"too large", [](int32_t) { return std::string("\0\x10\0\0", 4); }, Errc::kLimitExceeded},
      {"answer nobody asked for",
       [](int32_t id) {
         std::string frame("\0\0\0\4", 4);
         testing::append_i32(frame, static_cast<uint32_t>(id));
         return frame + frame;
       },
       Errc::kMalformed}};
  for (const Violation& violation : violations) {
    begin(1024 * 1024 - 1);
    finish_opening();
    std::optional<Error> ended;
    (*connected)->on_close([&](const Error& error) { ended = error; });
    std::optional<Result<RawResponse>> result;
    tasks.spawn(store_call(connected->get(), body_of(""), loop.now() + seconds(5), &result));
    loop.run_ready();
    const auto requests = peer->frames();
    ASSERT_EQ(requests.size(), 1U);
    peer->send(violation.bytes(correlation_of(requests[0])));
    ASSERT_TRUE(result) << violation.name;
    EXPECT_FALSE((*connected)->is_open()) << violation.name;
    ASSERT_TRUE(ended) << violation.name;
    EXPECT_EQ(ended->code(), violation.code) << violation.name << ended->to_string();
    EXPECT_TRUE(peer->is_closed());
  }
}

TEST_F(PeerTest, SeveralSendsOfOneTurnLeaveTogether) {
  begin();
  finish_opening();
  int done = 0;
  for (int i = 0; i < 5; ++i) {
    (*connected)
        ->send(ApiKey::kHeartbeat, 0, body_of("x"), loop.now() + seconds(1),
               [&](Result<RawResponse>) { ++done; });
  }
  const auto requests = peer->frames();
  EXPECT_EQ(requests.size(), 5U);
  for (const std::string& request : requests) answer(correlation_of(request), "");
  EXPECT_EQ(done, 5);
}

}  // namespace
}  // namespace odradek::rpc
