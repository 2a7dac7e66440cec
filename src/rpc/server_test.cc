#include "rpc/server.h"

#include <gtest/gtest.h>

#include "proto/array_of.h"
#include "proto/messages/api_versions_request.h"
#include "proto/messages/api_versions_response.h"
#include "rpc/rpc_for_tests.h"

namespace odradek::rpc {
namespace {

using proto::ApiKey;
using std::chrono::milliseconds;
using testing::correlation_of;
using testing::RawClient;
using testing::request_frame;
using testing::request_frame_of;

struct ServerTest : testing::ServerFixture, ::testing::Test {};

Decoded<proto::ApiVersionsResponse> api_versions_answer(const std::string& payload,
                                                        int16_t version) {
  const Slice frame = Slice::copy_of(payload);
  auto decoded = decode_body<proto::ApiVersionsResponse>(frame, frame.bytes().subspan(4), version);
  EXPECT_TRUE(decoded) << decoded.error().to_string();
  return *std::move(decoded);
}

proto::ApiVersionsRequest asked_by(std::string_view name, std::string_view version) {
  proto::ApiVersionsRequest request;
  request.client_software_name = name;
  request.client_software_version = version;
  return request;
}

TEST_F(ServerTest, HandsRequestsToTheHandlerAndSendsItsAnswers) {
  RawClient client = connect();
  std::optional<Request> seen;
  handler.hold();
  client.send(request_frame(ApiKey::kFetch, 12, 77, "body", "me"));
  ASSERT_EQ(handler.waiting.size(), 1U);
  const Request& request = handler.waiting[0];
  EXPECT_EQ(request.api_key, ApiKey::kFetch);
  EXPECT_EQ(request.version, 12);
  EXPECT_EQ(request.correlation_id, 77);
  EXPECT_EQ(request.client_id, "me");
  EXPECT_EQ(as_text(request.body), "body");
  EXPECT_EQ(request.connection->peer_address, "memory:1");
  EXPECT_EQ(request.connection->principal, "User:ANONYMOUS");
  EXPECT_TRUE(request.responder.is_connected());
  EXPECT_TRUE(client.frames().empty());
  handler.echo(0);
  const auto frames = client.frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(correlation_of(frames[0]), 77);
  EXPECT_EQ(frames[0].substr(4), std::string("\0body", 5));
  EXPECT_EQ(server->stats().requests, 1U);
  EXPECT_EQ(server->stats().connections_active, 1U);
}

TEST_F(ServerTest, AnswersTenThousandPipelinedRequestsInOrder) {
  RawClient client = connect();
  std::string bytes;
  int32_t next = 0;
  for (int32_t id = 0; id < 10'000; ++id) {
    bytes +=
        request_frame(ApiKey::kHeartbeat, 0, id, std::string(static_cast<size_t>(id % 100), 'x'));
    if (bytes.size() < 100'000 && id != 9'999) continue;
    ASSERT_TRUE(client.send(bytes));
    bytes.clear();
    for (const std::string& frame : client.frames()) {
      ASSERT_EQ(correlation_of(frame), next);
      ASSERT_EQ(frame.size(), 4 + static_cast<size_t>(next % 100));
      ++next;
    }
  }
  EXPECT_EQ(next, 10'000);
}

TEST_F(ServerTest, StartsTheNextRequestOnlyWhenTheLastIsAnswered) {
  RawClient client = connect();
  handler.hold();
  client.send(request_frame(ApiKey::kFetch, 12, 1, "") + request_frame(ApiKey::kFetch, 12, 2, "") +
              request_frame(ApiKey::kFetch, 12, 3, ""));
  EXPECT_EQ(handler.requests, 1);
  handler.echo(0);
  loop.run_ready();
  EXPECT_EQ(handler.requests, 2);
  handler.echo(1);
  loop.run_ready();
  EXPECT_EQ(handler.requests, 3);
  handler.echo(2);
  EXPECT_EQ(client.frames().size(), 3U);
}

TEST_F(ServerTest, HandlerMayLetRequestsRunBesideEachOtherAndAnswersKeepTheirOrder) {
  RawClient client = connect();
  handler.hold();
  handler.beside = [](ApiKey next, ApiKey waiting) {
    return next == ApiKey::kProduce && waiting == ApiKey::kProduce;
  };
  client.send(request_frame(ApiKey::kProduce, 9, 1, "") +
              request_frame(ApiKey::kProduce, 9, 2, "") +
              request_frame(ApiKey::kProduce, 9, 3, "") + request_frame(ApiKey::kFetch, 12, 4, ""));
  ASSERT_EQ(handler.requests, 3);
  handler.echo(2);
  handler.echo(1);
  EXPECT_TRUE(client.frames().empty());
  handler.echo(0);
  const auto frames = client.frames();
  ASSERT_EQ(frames.size(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(correlation_of(frames[static_cast<size_t>(i)]), i + 1);
  EXPECT_EQ(handler.requests, 4) << "the fetch starts when no produce waits";
}

TEST_F(ServerTest, ARequestWithoutAnswerDoesNotHoldUpTheNext) {
  RawClient client = connect();
  handler.on = [](Request request) {
    if (request.api_key == ApiKey::kProduce) {
      request.responder.send_nothing();
    } else {
      SliceChain answer = testing::echo_of(request);
      request.responder.send(std::move(answer));
    }
  };
  client.send(request_frame(ApiKey::kProduce, 9, 1, "") + request_frame(ApiKey::kFetch, 12, 2, "") +
              request_frame(ApiKey::kProduce, 9, 3, "") + request_frame(ApiKey::kFetch, 12, 4, ""));
  const auto frames = client.frames();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(correlation_of(frames[0]), 2);
  EXPECT_EQ(correlation_of(frames[1]), 4);
}

TEST_F(ServerTest, ADroppedRequestClosesItsConnection) {
  RawClient client = connect();
  handler.hold();
  client.send(request_frame(ApiKey::kFetch, 12, 1, ""));
  handler.waiting.clear();
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(log.count("dropped without an answer"), 1);
  EXPECT_EQ(handler.disconnected.size(), 1U);
}

TEST_F(ServerTest, TheHandlerMayCloseAConnection) {
  RawClient client = connect();
  handler.on = [](Request request) { request.responder.close("records are not readable"); };
  client.send(request_frame(ApiKey::kProduce, 9, 1, "") +
              request_frame(ApiKey::kProduce, 9, 2, ""));
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(handler.requests, 1);
  EXPECT_EQ(log.count("api=Produce"), 1) << log.all();
  EXPECT_EQ(log.count("records are not readable"), 1);
}

TEST_F(ServerTest, AnAnswerAfterTheClientLeftIsDropped) {
  RawClient client = connect();
  handler.hold();
  client.send(request_frame(ApiKey::kFetch, 12, 1, ""));
  client.close();
  ASSERT_EQ(handler.disconnected.size(), 1U) << "noticed while a request waits";
  EXPECT_FALSE(handler.waiting[0].responder.is_connected());
  handler.echo(0);
  loop.run_ready();
  EXPECT_EQ(server->stats().connections_active, 0U);
}

TEST_F(ServerTest, MutesAfterTheAnswerForQuotas) {
  RawClient client = connect();
  handler.on = [](Request request) {
    SliceChain answer = testing::echo_of(request);
    request.responder.send_then_mute(std::move(answer), milliseconds(500));
  };
  client.send(request_frame(ApiKey::kProduce, 9, 1, "") +
              request_frame(ApiKey::kProduce, 9, 2, ""));
  EXPECT_EQ(client.frames().size(), 1U) << "the answer leaves at once";
  clock.advance(milliseconds(499));
  loop.run_ready();
  EXPECT_EQ(handler.requests, 1);
  clock.advance(milliseconds(1));
  EXPECT_EQ(client.frames().size(), 1U);
  EXPECT_EQ(handler.requests, 2);
}

TEST_F(ServerTest, TellsItsVersionsAndFeatures) {
  options.features.supported = {{"metadata.version", 7, 30}, {"kraft.version", 0, 1}};
  options.features.finalized = {{"metadata.version", 30, 30}};
  options.features.finalized_epoch = 42;
  RawClient client = connect();
  for (int16_t version = 0; version <= 4; ++version) {
    client.send(request_frame_of(asked_by("librdkafka", "2.0.2"), version, version));
    const auto frames = client.frames();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(correlation_of(frames[0]), version);
    const auto answer = api_versions_answer(frames[0], version);
    EXPECT_EQ(answer.message.error_code, 0);
    ASSERT_EQ(answer.message.api_keys.size(), 7U) << "with the server's own";
    EXPECT_EQ(answer.message.api_keys[0].api_key, 0);
    EXPECT_EQ(answer.message.api_keys[0].max_version, 13);
    if (version < 3) continue;
    EXPECT_EQ(answer.message.finalized_features_epoch, 42);
    EXPECT_EQ(answer.message.supported_features.size(), version >= 4 ? 2U : 1U);
  }
  const auto info = server->connections().at(0);
  EXPECT_EQ(info->client_software_name, "librdkafka");
  EXPECT_EQ(info->client_software_version, "2.0.2");
}

TEST_F(ServerTest, UnknownVersionOfApiVersionsIsAnsweredInVersionZero) {
  RawClient client = connect();
  client.send(request_frame(ApiKey::kApiVersions, 99, 5, std::string("\x01\x02\x03", 3)));
  auto frames = client.frames();
  ASSERT_EQ(frames.size(), 1U);
  const auto answer = api_versions_answer(frames[0], 0);
  EXPECT_EQ(answer.message.error_code, 35);
  ASSERT_EQ(answer.message.api_keys.size(), 1U);
  EXPECT_EQ(answer.message.api_keys[0].api_key, 18);
  EXPECT_EQ(answer.message.api_keys[0].max_version, 4);
  client.send(request_frame(ApiKey::kHeartbeat, 0, 6, ""));
  EXPECT_EQ(client.frames().size(), 1U) << "the connection goes on";
}

TEST_F(ServerTest, ImpossibleSoftwareNamesAreRefusedAsKafkaDoes) {
  RawClient client = connect();
  for (const auto& [name, version] :
       {std::pair{"", "1"}, {"a b", "1"}, {"-a", "1"}, {"a", "1."}, {"a\n", "1"}}) {
    client.send(request_frame_of(asked_by(name, version), 3, 1));
    const auto frames = client.frames();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(api_versions_answer(frames[0], 3).message.error_code, 42) << name;
  }
  client.send(request_frame_of(asked_by("a", "1.0-rc.2"), 3, 1));
  EXPECT_EQ(api_versions_answer(client.frames().at(0), 3).message.error_code, 0);
}

struct BadInput {
  std::string bytes;
  std::string reason;
};

TEST_F(ServerTest, BadInputClosesThatConnectionWithOneLogLine) {
  std::string huge;
  testing::append_i32(huge, 2'000'000'000);
  std::string over;
  testing::append_i32(over, 100 * 1024 * 1024 + 1);
  const std::vector<BadInput> cases = {
      {request_frame(static_cast<ApiKey>(999), 0, 1, ""), "API key 999 is not served"},
      {request_frame(ApiKey::kListOffsets, 1, 1, ""), "API key 2 is not served"},
      {request_frame(static_cast<ApiKey>(-7), 0, 1, ""), "API key -7 is not served"},
      {request_frame(ApiKey::kFetch, 99, 1, ""), "versions 4 to 18 are served"},
      {request_frame(ApiKey::kFetch, -1, 1, ""), "versions 4 to 18 are served"},
      {std::string("\0\0\0\0", 4), "frame size 0"},
      {std::string("\xff\xff\xff\xff", 4), "frame size -1"},
      {huge, "frame of 2000000000 bytes"},
      {over, "frame of 104857601 bytes"},
      {std::string("\0\0\0\2\0\1", 6), "no header"},
      {std::string("\0\0\0\x0a\0\1\0\4\0\0\0\1\0\x64", 14), "ends early"},
      {request_frame(ApiKey::kApiVersions, 3, 1, "\x09truncated"), "api=ApiVersions"},
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "looks like HTTP"},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), "speaks TLS"}};
  RawClient healthy = connect();
  for (const BadInput& bad : cases) {
    RawClient client = connect();
    const int lines_before = log.count("connection closed");
    client.send(bad.bytes);
    EXPECT_TRUE(client.is_closed()) << bad.reason;
    EXPECT_EQ(log.count("connection closed"), lines_before + 1) << bad.reason;
    EXPECT_GE(log.count(bad.reason), 1) << bad.reason << "\n" << log.all();
    EXPECT_GE(log.count("peer=memory:1"), 1);
  }
  EXPECT_EQ(handler.requests, 0);
  healthy.send(request_frame(ApiKey::kHeartbeat, 0, 6, ""));
  EXPECT_EQ(healthy.frames().size(), 1U);
  EXPECT_EQ(server->stats().connections_active, 1U);
}

TEST_F(ServerTest, RequestsInPiecesAreWholeInTheEnd) {
  RawClient client = connect();
  const std::string body(300'000, 'b');
  const std::string bytes = request_frame(ApiKey::kProduce, 9, 1, body) +
                            request_frame(ApiKey::kProduce, 9, 2, "small") +
                            request_frame(ApiKey::kProduce, 9, 3, body);
  for (size_t at = 0; at < bytes.size(); at += 1'111) client.send(bytes.substr(at, 1'111));
  const auto frames = client.frames();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].substr(5), body);
  EXPECT_EQ(frames[1].substr(5), "small");
  EXPECT_EQ(frames[2].substr(5), body);
}

TEST_F(ServerTest, OneByteAtATimeWorksToo) {
  RawClient client = connect();
  for (const char c : request_frame(ApiKey::kHeartbeat, 4, 9, "slow")) client.send({c});
  const auto frames = client.frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].substr(5), "slow");
}

}  // namespace
}  // namespace odradek::rpc
