#include "rpc/client_connection.h"

#include <gtest/gtest.h>

#include "io/task_group.h"
#include "proto/messages/heartbeat_request.h"
#include "proto/messages/heartbeat_response.h"
#include "rpc/rpc_for_tests.h"

namespace odradek::rpc {
namespace {

using proto::ApiKey;
using std::chrono::milliseconds;
using std::chrono::seconds;

io::Task<void> store_call(ClientConnection* connection, SliceChain body, MonotonicTime deadline,
                          std::optional<Result<RawResponse>>* into) {
  into->emplace(co_await connection->call_raw(ApiKey::kHeartbeat, 0, std::move(body), deadline));
}

SliceChain body_of(std::string_view text) { return SliceChain(Slice::copy_of(text)); }

// A client connection to a real server of ours, over memory streams.
struct ClientTest : testing::ServerFixture, ::testing::Test {
  std::unique_ptr<ClientConnection> client;
  std::optional<Error> closed_with;

  ~ClientTest() override {
    client.reset();
    loop.run_ready();  // on_close() still finds us
  }

  ConnectOptions connect_options() {
    ConnectOptions result;
    result.host = "localhost";
    result.deadline = loop.now() + seconds(10);
    return result;
  }
  void open(size_t max_in_flight = 64, size_t capacity = 256 * 1024) {
    ConnectOptions asked = connect_options();
    asked.max_in_flight = max_in_flight;
    auto connected =
        loop.block_on(ClientConnection::over(loop, connect_stream(capacity), std::move(asked)));
    ASSERT_TRUE(connected) << connected.error().to_string();
    client = *std::move(connected);
    client->on_close([this](const Error& error) { closed_with = error; });
  }
  Result<RawResponse> call(std::string_view text) {
    return loop.block_on(
        client->call_raw(ApiKey::kHeartbeat, 0, body_of(text), loop.now() + seconds(30)));
  }
};

TEST_F(ClientTest, LearnsVersionsAndCalls) {
  options.features.finalized = {{"metadata.version", 30, 30}};
  open();
  EXPECT_EQ(client->version_for(ApiKey::kFetch).value(), 18);
  EXPECT_EQ(client->version_for(ApiKey::kFetch, 12).value(), 12);
  const auto missing = client->version_for(ApiKey::kListOffsets);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Errc::kUnsupported);
  EXPECT_EQ(missing.error().message(), "memory:2 does not offer ListOffsets (API key 2)");
  const auto too_old = client->version_for(ApiKey::kFetch, 3);
  ASSERT_FALSE(too_old);
  EXPECT_NE(too_old.error().message().find("offers 4 to 18"), std::string_view::npos);
  ASSERT_EQ(client->peer_features().finalized.size(), 1U);

  const Result<RawResponse> answer = call("hello");
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(as_text(answer->body), "hello");
  EXPECT_EQ(server->connections().at(0)->client_software_name, "odradek");
}

TEST_F(ClientTest, CallsWithTypedMessages) {
  open();
  handler.on = [](Request request) {
    auto asked = decode_request<proto::HeartbeatRequest>(request);
    ASSERT_TRUE(asked);
    proto::HeartbeatResponse answer;
    answer.error_code = asked->message.group_id == "g" ? 27 : 0;
    respond(request, answer);
  };
  proto::HeartbeatRequest request;
  request.group_id = "g";
  const auto answer = loop.block_on(client->call(request, 4, loop.now() + seconds(1)));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->message.error_code, 27);
}

TEST_F(ClientTest, AnswersOfAllSizesComeBackWhole) {
  open(64, 16 * 1024);
  for (const size_t size : {0U, 1U, 5'000U, 70'000U, 9'000'000U}) {
    const std::string body(size, 'z');
    const Result<RawResponse> answer = call(body);
    ASSERT_TRUE(answer);
    EXPECT_EQ(as_text(answer->body), body);
  }
}

TEST_F(ClientTest, PipelinesAndKeepsToTheLimitInFlight) {
  open(3);
  handler.hold();
  handler.beside = [](ApiKey, ApiKey) { return true; };
  std::vector<std::string> answers;
  for (int i = 0; i < 10; ++i) {
    client->send(ApiKey::kHeartbeat, 0, body_of(std::to_string(i)), loop.now() + seconds(1),
                 [&answers](Result<RawResponse> answer) {
                   ASSERT_TRUE(answer);
                   answers.emplace_back(as_text(answer->body));
                 });
  }
  EXPECT_EQ(client->in_flight(), 10U);
  loop.run_ready();
  EXPECT_EQ(handler.requests, 3);
  for (size_t i = 0; i < 10; ++i) {
    ASSERT_GT(handler.waiting.size(), i);
    handler.echo(i);
    loop.run_ready();
  }
  EXPECT_EQ(answers, (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
  EXPECT_EQ(client->in_flight(), 0U);
}

TEST_F(ClientTest, ALateAnswerIsDroppedAndTheConnectionGoesOn) {
  open();
  handler.hold();
  std::optional<Errc> first;
  client->send(ApiKey::kHeartbeat, 0, body_of("late"), loop.now() + seconds(5),
               [&](Result<RawResponse> answer) { first = answer.error().code(); });
  loop.run_ready();
  clock.advance(seconds(5));
  loop.run_ready();
  EXPECT_EQ(first, Errc::kTimedOut);
  EXPECT_TRUE(client->is_open());
  handler.echo(0);
  handler.on = nullptr;
  const Result<RawResponse> next = call("next");
  ASSERT_TRUE(next);
  EXPECT_EQ(as_text(next->body), "next");
}

TEST_F(ClientTest, AQueuedCallTimesOutToo) {
  open(1);
  handler.hold();
  int timed_out = 0;
  for (int i = 0; i < 3; ++i) {
    client->send(ApiKey::kHeartbeat, 0, body_of("x"), loop.now() + seconds(i + 1),
                 [&](Result<RawResponse> answer) { timed_out += answer ? 0 : 1; });
  }
  loop.run_ready();
  clock.advance(seconds(9));
  loop.run_ready();
  EXPECT_EQ(timed_out, 3);
}

TEST_F(ClientTest, RequestsWithoutAnswerKeepTheOrder) {
  open(1);
  std::vector<int32_t> seen;
  handler.on = [&seen](Request request) {
    seen.push_back(static_cast<int32_t>(request.api_key));
    if (request.api_key == ApiKey::kProduce) return request.responder.send_nothing();
    SliceChain answer = testing::echo_of(request);
    request.responder.send(std::move(answer));
  };
  int answered = 0;
  const auto count = [&answered](Result<RawResponse> answer) { answered += answer ? 1 : 0; };
  const MonotonicTime deadline = loop.now() + seconds(1);
  EXPECT_TRUE(client->send_no_response(ApiKey::kProduce, 9, body_of("a")));
  client->send(ApiKey::kHeartbeat, 0, body_of("b"), deadline, count);
  client->send(ApiKey::kHeartbeat, 0, body_of("c"), deadline, count);
  EXPECT_TRUE(client->send_no_response(ApiKey::kProduce, 9, body_of("d")));
  client->send(ApiKey::kFetch, 4, body_of("e"), deadline, count);
  loop.run_ready();
  EXPECT_EQ(answered, 3);
  EXPECT_EQ(seen, (std::vector<int32_t>{0, 12, 12, 0, 1}));
}

TEST_F(ClientTest, DestroyingItInFlightResolvesTheCalls) {
  open();
  handler.hold();
  std::vector<Errc> errors;
  for (int i = 0; i < 3; ++i) {
    client->send(ApiKey::kHeartbeat, 0, body_of("x"), loop.now() + seconds(5),
                 [&](Result<RawResponse> answer) { errors.push_back(answer.error().code()); });
  }
  io::TaskGroup tasks(loop);
  std::optional<Result<RawResponse>> result;
  tasks.spawn(store_call(client.get(), body_of("y"), loop.now() + seconds(5), &result));
  loop.run_ready();
  client.reset();
  EXPECT_TRUE(errors.empty()) << "never from inside";
  loop.run_ready();
  EXPECT_EQ(errors, std::vector<Errc>(3, Errc::kClosed));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error().code(), Errc::kClosed);
  EXPECT_EQ(closed_with->code(), Errc::kClosed);
  EXPECT_EQ(handler.disconnected.size(), 1U);
}

TEST_F(ClientTest, ACompletionMayDestroyTheConnection) {
  open();
  int called = 0;
  for (int i = 0; i < 3; ++i) {
    client->send(ApiKey::kHeartbeat, 0, body_of("x"), loop.now() + seconds(5),
                 [&](Result<RawResponse>) {
                   ++called;
                   client.reset();
                 });
  }
  loop.run_ready();
  EXPECT_EQ(called, 3);
}

TEST_F(ClientTest, ServerThatGoesAwayFailsWhatIsInFlight) {
  open();
  handler.hold();
  io::TaskGroup tasks(loop);
  std::optional<Result<RawResponse>> result;
  tasks.spawn(store_call(client.get(), body_of("y"), loop.now() + seconds(5), &result));
  loop.run_ready();
  loop.block_on(server->stop());
  loop.run_ready();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error().code(), Errc::kClosed);
  EXPECT_FALSE(client->is_open());
  ASSERT_TRUE(closed_with);
  std::optional<Errc> later;
  client->send(ApiKey::kHeartbeat, 0, body_of("x"), loop.now() + seconds(5),
               [&](Result<RawResponse> answer) { later = answer.error().code(); });
  EXPECT_FALSE(later);
  loop.run_ready();
  EXPECT_EQ(later, Errc::kClosed);
  bool told = false;
  client->on_close([&](const Error&) { told = true; });
  loop.run_ready();
  EXPECT_TRUE(told);
}

TEST_F(ClientTest, CancellingACallLeavesTheConnectionInOrder) {
  open();
  handler.hold();
  std::optional<Result<RawResponse>> result;
  {
    io::TaskGroup tasks(loop);
    tasks.spawn(store_call(client.get(), body_of("y"), loop.now() + seconds(5), &result));
    loop.run_ready();
    tasks.cancel();
    loop.block_on(tasks.join());
  }
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error().code(), Errc::kCancelled);
  handler.echo(0);
  handler.on = nullptr;
  EXPECT_EQ(as_text(call("z")->body), "z");
}

}  // namespace
}  // namespace odradek::rpc
