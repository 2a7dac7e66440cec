// What bounds the server's memory and patience.
#include <gtest/gtest.h>

#include "rpc/rpc_for_tests.h"

namespace odradek::rpc {
namespace {

using proto::ApiKey;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::correlation_of;
using testing::RawClient;
using testing::request_frame;

struct ServerLimitsTest : testing::ServerFixture, ::testing::Test {};

TEST_F(ServerLimitsTest, AClientThatDoesNotReadStopsBeingRead) {
  options.limits.max_unsent_bytes = 1024 * 1024;
  auto stream = connect_stream(64 * 1024);
  handler.on = [](Request request) {
    wire::Writer writer(16);
    writer.i32(request.correlation_id);
    writer.append(Slice::copy_of(std::string(300'000, 'r')));
    request.responder.send(writer.take());
  };
  RawClient client(loop, std::move(stream));
  std::string bytes;
  for (int32_t i = 0; i < 100; ++i) bytes += request_frame(ApiKey::kHeartbeat, 0, i, "");
  client.send(bytes);
  EXPECT_GE(handler.requests, 3);
  EXPECT_LE(handler.requests, 5);
  int32_t next = 0;
  while (next < 100) {
    const auto frames = client.frames();
    ASSERT_FALSE(frames.empty());
    for (const std::string& frame : frames) {
      ASSERT_EQ(correlation_of(frame), next);
      ASSERT_EQ(frame.size(), 300'004U);
      ++next;
    }
  }
  EXPECT_EQ(handler.requests, 100);
}

TEST_F(ServerLimitsTest, WithoutRoomInTheBudgetNobodyIsReadUntilThereIs) {
  options.limits.max_buffered_bytes = 10'000;
  handler.hold();
  RawClient first = connect();
  RawClient second = connect();
  RawClient third = connect();
  first.send(request_frame(ApiKey::kProduce, 9, 1, std::string(15'000, 'a')));
  ASSERT_EQ(handler.requests, 1);
  second.send(request_frame(ApiKey::kProduce, 9, 2, "x"));
  third.send(request_frame(ApiKey::kProduce, 9, 3, "y"));
  EXPECT_EQ(handler.requests, 1);
  handler.waiting[0].responder.send(SliceChain(Slice::copy_of("done")));
  first.frames();
  EXPECT_EQ(handler.requests, 3);
}

TEST_F(ServerLimitsTest, UnfinishedFramesCannotBlockEachOtherForEver) {
  options.limits.max_buffered_bytes = 10'000;
  std::vector<RawClient> clients;
  const std::string frame = request_frame(ApiKey::kProduce, 9, 1, std::string(30'000, 'a'));
  for (int i = 0; i < 5; ++i) clients.push_back(connect());
  for (RawClient& client : clients) client.send(frame.substr(0, 20'000));
  for (RawClient& client : clients) client.send(frame.substr(20'000));
  for (RawClient& client : clients) EXPECT_EQ(client.frames().size(), 1U);
  EXPECT_EQ(handler.requests, 5);
}

// Without that, a client that asks quicker than it is answered has the memory of all.
TEST_F(ServerLimitsTest, OneClientHasOnlySoMuchUnderWay) {
  handler.hold();
  handler.beside = [](ApiKey, ApiKey) { return true; };
  RawClient client = connect();
  const std::string frame = request_frame(ApiKey::kProduce, 9, 1, std::string(1 << 20, 'a'));
  std::string all;
  for (int i = 0; i < 60; ++i) all += frame;
  constexpr size_t kPart = 60'000;
  for (size_t at = 0; at < all.size(); at += kPart) {
    if (!client.send(all.substr(at, kPart))) break;
  }
  EXPECT_GE(handler.requests, 20);
  EXPECT_LE(handler.requests, 32);
  EXPECT_LT(server->buffered_bytes(), size_t{40} << 20U);
}

// Who holds memory and does not move costs others at most some seconds.
TEST_F(ServerLimitsTest, ClientsThatHoldTheBudgetAndDoNotMoveAreClosed) {
  options.limits.max_buffered_bytes = 400'000;
  auto stream = connect_stream(64 * 1024);
  RawClient half = connect();
  RawClient other = connect();
  handler.on = [](Request request) {
    wire::Writer writer(16);
    writer.i32(request.correlation_id);
    const size_t bytes = request.api_key == ApiKey::kFetch ? 300'000 : 10;
    writer.append(Slice::copy_of(std::string(bytes, 'r')));
    request.responder.send(writer.take());
  };
  RawClient silent(loop, std::move(stream));
  silent.send(request_frame(ApiKey::kFetch, 12, 1, ""));  // and does not read
  half.send(request_frame(ApiKey::kProduce, 9, 1, std::string(300'000, 'a')).substr(0, 250'000));
  other.send(request_frame(ApiKey::kHeartbeat, 0, 1, ""));
  EXPECT_TRUE(other.frames().empty());
  clock.advance(seconds(5));
  EXPECT_FALSE(half.is_closed());
  clock.advance(seconds(8));
  EXPECT_EQ(other.frames().size(), 1U);
  EXPECT_FALSE(other.is_closed());
  EXPECT_EQ(handler.disconnected.size(), 2U);
}

TEST_F(ServerLimitsTest, AClientWithoutAFirstRequestIsDropped) {
  RawClient client = connect();
  clock.advance(seconds(29));
  EXPECT_FALSE(client.is_closed());
  clock.advance(seconds(1));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ServerLimitsTest, IdleClientsAreDroppedAndWaitingOnesAreNot) {
  RawClient idle = connect();
  RawClient polling = connect();
  RawClient active = connect();
  idle.send(request_frame(ApiKey::kHeartbeat, 0, 1, ""));
  active.send(request_frame(ApiKey::kHeartbeat, 0, 1, ""));
  handler.hold();
  polling.send(request_frame(ApiKey::kFetch, 12, 1, ""));
  handler.on = nullptr;
  clock.advance(minutes(6));
  active.send(request_frame(ApiKey::kHeartbeat, 0, 2, ""));
  clock.advance(minutes(5));
  EXPECT_TRUE(idle.is_closed());
  EXPECT_FALSE(polling.is_closed());
  EXPECT_FALSE(active.is_closed());
  clock.advance(minutes(6));
  EXPECT_TRUE(active.is_closed());
  EXPECT_FALSE(polling.is_closed());
}

TEST_F(ServerLimitsTest, StopClosesEverythingAndTellsTheHandler) {
  handler.hold();
  RawClient waiting = connect();
  RawClient quiet = connect();
  waiting.send(request_frame(ApiKey::kFetch, 12, 1, ""));
  loop.block_on(server->stop());
  EXPECT_EQ(handler.disconnected.size(), 2U);
  EXPECT_TRUE(waiting.is_closed());
  EXPECT_TRUE(quiet.is_closed());
  handler.waiting.clear();
  server.reset();
}

TEST_F(ServerLimitsTest, EveryByteIsAccountedForInTheEnd) {
  options.limits.max_buffered_bytes = 1;  // every read is over the budget
  RawClient client = connect();
  for (int32_t i = 0; i < 50; ++i) {
    client.send(request_frame(ApiKey::kHeartbeat, 0, i, std::string(1000, 'a')));
  }
  EXPECT_EQ(client.frames().size(), 50U);
  EXPECT_EQ(server->buffered_bytes(), 0U);
  RawClient leaving = connect();
  handler.hold();
  leaving.send(request_frame(ApiKey::kFetch, 12, 1, std::string(500, 'a')) +
               request_frame(ApiKey::kFetch, 12, 2, "").substr(0, 9));
  EXPECT_GT(server->buffered_bytes(), 500U);
  leaving.close();
  EXPECT_EQ(server->buffered_bytes(), 0U);
}

}  // namespace
}  // namespace odradek::rpc
