#include <gtest/gtest.h>

#include "auth/credentials.h"
#include "io/task_group.h"
#include "proto/messages/sasl_authenticate_request.h"
#include "proto/messages/sasl_authenticate_response.h"
#include "proto/messages/sasl_handshake_request.h"
#include "proto/messages/sasl_handshake_response.h"
#include "rpc/client_connection.h"
#include "rpc/rpc_for_tests.h"

namespace odradek::rpc {
namespace {

using proto::ApiKey;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::RawClient;
using testing::request_frame;
using testing::request_frame_of;

struct SaslTest : testing::ServerFixture, ::testing::Test {
  std::shared_ptr<auth::MemoryCredentialStore> users =
      std::make_shared<auth::MemoryCredentialStore>();
  std::unique_ptr<ClientConnection> client;

  SaslTest() {
    EXPECT_TRUE(users->set_password("alice", Secret("wonder")));
    EXPECT_TRUE(users->set_password("bob", Secret("builder")));
    listener.name = "SASL";
    listener.sasl = SaslOptions{.mechanisms = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"},
                                .start =
                                    [this](std::string_view mechanism) {
                                      auth::SaslServerOptions with;
                                      with.credentials = users;
                                      return auth::make_sasl_server(mechanism, with);
                                    },
                                .max_session_ms = 0};
  }

  std::string user = "alice";

  Result<void> open(const std::string& mechanism, const std::string& password = "wonder") {
    ConnectOptions asked;
    asked.host = "localhost";
    asked.deadline = loop.now() + seconds(10);
    if (!mechanism.empty()) {
      asked.security.mechanism = mechanism;
      asked.security.start_sasl = [this, mechanism, password] {
        auth::SaslClientOptions with;
        with.mechanism = mechanism;
        with.username = user;
        with.password = Secret(password);
        return auth::make_sasl_client(with);
      };
    }
    auto connected =
        loop.block_on(ClientConnection::over(loop, connect_stream(), std::move(asked)));
    if (!connected) return std::move(connected).error();
    client = *std::move(connected);
    return {};
  }
  Result<RawResponse> call() {
    return loop.block_on(client->call_raw(ApiKey::kHeartbeat, 0, SliceChain(Slice::copy_of("x")),
                                          loop.now() + seconds(30)));
  }
};

std::string handshake(std::string_view mechanism, int16_t version, int32_t id = 1) {
  proto::SaslHandshakeRequest request;
  request.mechanism = mechanism;
  return request_frame_of(request, version, id);
}

std::string authenticate(std::string_view token, int32_t id = 2) {
  proto::SaslAuthenticateRequest request;
  request.auth_bytes = as_bytes(token);
  return request_frame_of(request, 1, id);
}

const std::string_view kAliceToken("\0alice\0wonder", 13);
const std::string_view kBobToken("\0bob\0builder", 12);
const std::string_view kWrongToken("\0alice\0wrong!", 13);

template <class T>
Decoded<T> decoded(const std::string& payload, int16_t version) {
  const Slice frame = Slice::copy_of(payload);
  auto result = decode_body<T>(frame, frame.bytes().subspan(4), version);
  EXPECT_TRUE(result);
  return *std::move(result);
}

TEST_F(SaslTest, EveryMechanismLetsTheRightUserIn) {
  for (const std::string mechanism : {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}) {
    const Result<void> opened = open(mechanism);
    ASSERT_TRUE(opened) << opened.error().to_string();
    EXPECT_TRUE(call());
    EXPECT_EQ(server->connections().at(0)->principal, "User:alice");
    client.reset();
    loop.run_ready();
  }
}

TEST_F(SaslTest, AWrongPasswordIsToldAfterADelayAndTheConnectionClosed) {
  RawClient raw = connect();
  raw.send(handshake("PLAIN", 1) + authenticate(kWrongToken));
  EXPECT_EQ(raw.frames().size(), 1U) << "the refusal is held back";
  clock.advance(milliseconds(99));
  EXPECT_EQ(raw.frames().size(), 0U);
  clock.advance(milliseconds(1));
  const auto frames = raw.frames();
  ASSERT_EQ(frames.size(), 1U);
  const auto answer = decoded<proto::SaslAuthenticateResponse>(frames[0], 1);
  EXPECT_EQ(answer.message.error_code, 58);
  EXPECT_FALSE(answer.message.error_message.empty());
  EXPECT_TRUE(raw.is_closed());
  EXPECT_EQ(log.count("authentication failed"), 1);
  EXPECT_EQ(log.count("wrong!"), 0) << "no secrets in the log";
  EXPECT_EQ(server->stats().failed_authentications, 1U);
  EXPECT_EQ(handler.requests, 0);
}

TEST_F(SaslTest, TheClientHearsWhyItWasRefused) {
  for (const std::string mechanism : {"PLAIN", "SCRAM-SHA-512"}) {
    options.limits.failed_authentication_delay = Duration(0);
    const Result<void> opened = open(mechanism, "wrong");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Errc::kAuthentication) << opened.error().to_string();
    EXPECT_NE(opened.error().message().find("SASL_AUTHENTICATION_FAILED"), std::string_view::npos);
  }
}

TEST_F(SaslTest, OnlyIdentificationIsPossibleBeforeIt) {
  for (const ApiKey key : {ApiKey::kMetadata, ApiKey::kProduce, ApiKey::kFetch}) {
    RawClient raw = connect();
    raw.send(request_frame(key, 9, 1, ""));
    EXPECT_TRUE(raw.is_closed());
  }
  EXPECT_EQ(log.count("request before authentication"), 3);
  EXPECT_EQ(handler.requests, 0);

  RawClient raw = connect();
  raw.send(authenticate(kAliceToken));
  EXPECT_TRUE(raw.is_closed()) << "SaslAuthenticate needs SaslHandshake first";
}

TEST_F(SaslTest, FramesAreSmallBeforeAuthenticationAndLargeAfter) {
  RawClient stranger = connect();
  std::string large;
  testing::append_i32(large, 512 * 1024 + 1);
  stranger.send(large);
  EXPECT_TRUE(stranger.is_closed());
  EXPECT_EQ(log.count("524288 are allowed"), 1);

  ASSERT_TRUE(open("PLAIN"));
  const std::string body(3'000'000, 'b');
  const auto answer = loop.block_on(client->call_raw(
      ApiKey::kHeartbeat, 0, SliceChain(Slice::copy_of(body)), loop.now() + seconds(1)));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body.size(), body.size());
}

TEST_F(SaslTest, AnUnknownMechanismIsAnsweredWithTheListThenClosed) {
  RawClient raw = connect();
  raw.send(handshake("GSSAPI", 1));
  clock.advance(milliseconds(100));
  const auto frames = raw.frames();
  ASSERT_EQ(frames.size(), 1U);
  const auto answer = decoded<proto::SaslHandshakeResponse>(frames[0], 1);
  EXPECT_EQ(answer.message.error_code, 33);
  ASSERT_EQ(answer.message.mechanisms.size(), 3U);
  EXPECT_EQ(answer.message.mechanisms[0], "PLAIN");
  EXPECT_TRUE(raw.is_closed());

  listener.sasl->mechanisms = {"PLAIN"};
  options.limits.failed_authentication_delay = Duration(0);
  loop.block_on(server->stop());
  server.reset();
  const Result<void> opened = open("SCRAM-SHA-256");
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("does not offer SASL mechanism SCRAM-SHA-256, but PLAIN"),
            std::string_view::npos)
      << opened.error().to_string();
}

TEST_F(SaslTest, HandshakeWithoutSaslIsAnIllegalState) {
  listener.sasl.reset();
  RawClient raw = connect();
  raw.send(handshake("PLAIN", 1));
  const auto frames = raw.frames();
  ASSERT_EQ(frames.size(), 1U);
  const auto answer = decoded<proto::SaslHandshakeResponse>(frames[0], 1);
  EXPECT_EQ(answer.message.error_code, 34);
  EXPECT_TRUE(answer.message.mechanisms.empty());
  raw.send(request_frame(ApiKey::kHeartbeat, 0, 1, ""));
  EXPECT_EQ(raw.frames().size(), 1U) << "the connection goes on";
  const Result<void> opened = open("PLAIN");
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("does not ask for SASL"), std::string_view::npos);
}

TEST_F(SaslTest, HandshakeVersionZeroIsFollowedByBareTokens) {
  RawClient raw = connect();
  raw.send(handshake("PLAIN", 0));
  EXPECT_EQ(raw.frames().size(), 1U);
  std::string token;
  testing::append_i32(token, static_cast<uint32_t>(kAliceToken.size()));
  raw.send(token.append(kAliceToken));
  const auto frames = raw.frames();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0], "") << "PLAIN's answer is empty";
  raw.send(request_frame(ApiKey::kHeartbeat, 0, 1, ""));
  EXPECT_EQ(raw.frames().size(), 1U);
  EXPECT_EQ(server->connections().at(0)->principal, "User:alice");

  RawClient wrong = connect();
  wrong.send(handshake("PLAIN", 0));
  std::string bad;
  testing::append_i32(bad, static_cast<uint32_t>(kWrongToken.size()));
  wrong.send(bad.append(kWrongToken));
  clock.advance(milliseconds(100));
  EXPECT_EQ(wrong.frames().size(), 1U) << "only the handshake was answered";
  EXPECT_TRUE(wrong.is_closed());
}

TEST_F(SaslTest, ASessionEndsUnlessAuthenticatedAgain) {
  listener.sasl->max_session_ms = 10'000;
  RawClient raw = connect();
  raw.send(handshake("PLAIN", 1) + authenticate(kAliceToken));
  auto frames = raw.frames();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(decoded<proto::SaslAuthenticateResponse>(frames[1], 1).message.session_lifetime_ms,
            10'000);
  clock.advance(seconds(9));
  raw.send(handshake("PLAIN", 1) + authenticate(kAliceToken));
  EXPECT_EQ(raw.frames().size(), 2U);
  clock.advance(seconds(9));
  raw.send(request_frame(ApiKey::kHeartbeat, 0, 1, ""));
  EXPECT_EQ(raw.frames().size(), 1U);
  clock.advance(seconds(2));
  raw.send(request_frame(ApiKey::kHeartbeat, 0, 2, ""));
  EXPECT_TRUE(raw.is_closed());
  EXPECT_EQ(log.count("the session has expired"), 1);
}

TEST_F(SaslTest, ReauthenticationKeepsThePrincipalAndTheMechanism) {
  listener.sasl->max_session_ms = 60'000;
  for (const bool change_mechanism : {false, true}) {
    RawClient raw = connect();
    raw.send(handshake("PLAIN", 1) + authenticate(kAliceToken));
    EXPECT_EQ(raw.frames().size(), 2U);
    clock.advance(seconds(5));
    raw.send(handshake(change_mechanism ? "SCRAM-SHA-256" : "PLAIN", 1) + authenticate(kBobToken));
    clock.advance(milliseconds(100));
    const auto frames = raw.frames();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(decoded<proto::SaslAuthenticateResponse>(frames[1], 1).message.error_code, 58);
    EXPECT_TRUE(raw.is_closed());
  }
}

TEST_F(SaslTest, ReauthenticationNeedsASessionThatEndsAndIsForOnceASecond) {
  const auto again = [](RawClient& raw) {
    raw.send(handshake("PLAIN", 1));
    const auto frames = raw.frames();
    return decoded<proto::SaslHandshakeResponse>(frames.at(0), 1).message.error_code;
  };
  RawClient endless = connect();
  endless.send(handshake("PLAIN", 1) + authenticate(kAliceToken));
  EXPECT_EQ(endless.frames().size(), 2U);
  clock.advance(seconds(5));
  EXPECT_EQ(again(endless), 34);

  listener.sasl->max_session_ms = 60'000;
  RawClient ending = connect();
  ending.send(handshake("PLAIN", 1) + authenticate(kAliceToken));
  EXPECT_EQ(ending.frames().size(), 2U);
  EXPECT_EQ(again(ending), 0) << "the first is taken at once";
  ending.send(authenticate(kAliceToken));
  EXPECT_EQ(ending.frames().size(), 1U);
  EXPECT_EQ(again(ending), 34);
  clock.advance(seconds(1));
  EXPECT_EQ(again(ending), 0);
}

TEST_F(SaslTest, RequestsInTheMiddleOfReauthenticationAreRefused) {
  listener.sasl->max_session_ms = 60'000;
  RawClient raw = connect();
  raw.send(handshake("PLAIN", 1) + authenticate(kAliceToken));
  clock.advance(seconds(5));
  raw.send(handshake("PLAIN", 1) + request_frame(ApiKey::kHeartbeat, 0, 1, ""));
  EXPECT_TRUE(raw.is_closed());
  EXPECT_EQ(handler.requests, 0);
}

TEST_F(SaslTest, ReauthenticationWaitsForTheAnswersBeforeIt) {
  listener.sasl->max_session_ms = 60'000;
  RawClient raw = connect();
  raw.send(handshake("PLAIN", 1) + authenticate(kAliceToken));
  EXPECT_EQ(raw.frames().size(), 2U);
  clock.advance(seconds(5));
  handler.hold();
  handler.beside = [](ApiKey, ApiKey) { return true; };
  raw.send(request_frame(ApiKey::kFetch, 4, 7, "") + handshake("PLAIN", 1, 8) +
           authenticate(kAliceToken, 9));
  EXPECT_TRUE(raw.frames().empty());
  handler.echo(0);
  const auto frames = raw.frames();
  ASSERT_EQ(frames.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(testing::correlation_of(frames[static_cast<size_t>(i)]), 7 + i);
  }
}

TEST_F(SaslTest, OurClientReauthenticatesInTimeByItself) {
  listener.sasl->max_session_ms = 10'000;
  ASSERT_TRUE(open("SCRAM-SHA-256"));
  for (int i = 0; i < 60; ++i) {
    clock.advance(milliseconds(500));
    loop.run_ready();
    const auto answer = call();
    ASSERT_TRUE(answer) << i << ": " << answer.error().to_string();
  }
  EXPECT_EQ(server->stats().connections_accepted, 1U);
}

TEST_F(SaslTest, OurClientHoldsRequestsBackDuringReauthentication) {
  listener.sasl->max_session_ms = 10'000;
  ASSERT_TRUE(open("PLAIN"));
  int answered = 0;
  for (int i = 0; i < 100; ++i) {
    clock.advance(milliseconds(100));
    client->send(ApiKey::kHeartbeat, 0, SliceChain(Slice::copy_of("x")), loop.now() + seconds(5),
                 [&](Result<RawResponse> answer) { answered += answer ? 1 : 0; });
    loop.run_ready();
  }
  EXPECT_EQ(answered, 100);
}

TEST_F(SaslTest, AUserRemovedMeanwhileLosesTheConnection) {
  listener.sasl->max_session_ms = 10'000;
  options.limits.failed_authentication_delay = Duration(0);
  ASSERT_TRUE(open("PLAIN"));
  users->remove("alice");
  clock.advance(seconds(10));
  loop.run_ready();
  EXPECT_FALSE(client->is_open());
  EXPECT_EQ(log.count("re-authentication failed"), 1) << log.all();
  EXPECT_EQ(log.count("SASL_AUTHENTICATION_FAILED"), 1);
}

}  // namespace
}  // namespace odradek::rpc
