#include "auth/sasl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/credentials.h"
#include "auth/jwt.h"
#include "auth/scram.h"

namespace odradek::auth {
namespace {

using testing::HasSubstr;

constexpr TimestampMs kNow = 1'700'000'000'000;

std::shared_ptr<MemoryCredentialStore> store_with(const std::string& user,
                                                  std::string_view password) {
  auto store = std::make_shared<MemoryCredentialStore>();
  EXPECT_TRUE(store->set_password(user, Secret(password)));
  return store;
}

std::shared_ptr<const JwtVerifier> unsecured_tokens() {
  JwtOptions options;
  options.allow_unsecured = true;
  return JwtVerifier::create(std::move(options)).value();
}

SaslClientOptions alice(const std::string& mechanism) {
  SaslClientOptions options;
  options.mechanism = mechanism;
  options.username = "alice";
  options.password = Secret("s3cret");
  return options;
}

// Carries messages between both sides until one of them ends it.
Result<SaslStep> exchange(SaslClient& client, SaslServer& server) {
  ODK_TRY(std::string message, client.first());
  for (int round = 0; round < 4; ++round) {
    ODK_TRY(SaslStep step, server.on_message(as_bytes(message), kNow));
    ODK_TRY(message, client.next(as_bytes(step.answer)));
    if (step.done && client.done()) return step;
  }
  return Error(Errc::kInternal, "no end");
}

class EveryPasswordMechanism : public testing::TestWithParam<std::string> {};

TEST_P(EveryPasswordMechanism, ClientAndServerAgree) {
  SaslServerOptions server_options;
  server_options.credentials = store_with("alice", "s3cret");
  auto client = make_sasl_client(alice(GetParam())).value();
  auto server = make_sasl_server(GetParam(), server_options).value();
  EXPECT_EQ(client->mechanism(), GetParam());
  EXPECT_EQ(server->mechanism(), GetParam());
  const Result<SaslStep> step = exchange(*client, *server);
  ASSERT_TRUE(step) << step.error().to_string();
  EXPECT_EQ(step->principal, "User:alice");
}

TEST_P(EveryPasswordMechanism, WrongPasswordIsRefused) {
  SaslServerOptions server_options;
  server_options.credentials = store_with("alice", "other");
  auto client = make_sasl_client(alice(GetParam())).value();
  auto server = make_sasl_server(GetParam(), server_options).value();
  EXPECT_EQ(exchange(*client, *server).error().code(), Errc::kAuthentication);
}

TEST_P(EveryPasswordMechanism, UnknownUserIsRefused) {
  SaslServerOptions server_options;
  server_options.credentials = store_with("bob", "s3cret");
  auto client = make_sasl_client(alice(GetParam())).value();
  auto server = make_sasl_server(GetParam(), server_options).value();
  EXPECT_EQ(exchange(*client, *server).error().code(), Errc::kAuthentication);
}

TEST_P(EveryPasswordMechanism, NamesWithSpecialCharactersWork) {
  SaslServerOptions server_options;
  server_options.credentials = store_with("a,b=c jürgen", "p,=ä w");
  SaslClientOptions options = alice(GetParam());
  options.username = "a,b=c jürgen";
  options.password = Secret("p,=ä w");
  auto client = make_sasl_client(options).value();
  auto server = make_sasl_server(GetParam(), server_options).value();
  const Result<SaslStep> step = exchange(*client, *server);
  ASSERT_TRUE(step) << step.error().to_string();
  EXPECT_EQ(step->principal, "User:a,b=c jürgen");
}

INSTANTIATE_TEST_SUITE_P(Mechanisms, EveryPasswordMechanism,
                         testing::Values("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"));

TEST(Plain, AnswerIsEmptyAndMessageHasNoAuthorizationId) {
  auto client = make_sasl_client(alice("PLAIN")).value();
  EXPECT_EQ(client->first().value(), std::string("\0alice\0s3cret", 13));
  SaslServerOptions options;
  options.credentials = store_with("alice", "s3cret");
  auto server = make_sasl_server("PLAIN", options).value();
  const SaslStep step =
      server->on_message(as_bytes(std::string("\0alice\0s3cret", 13)), kNow).value();
  EXPECT_TRUE(step.done);
  EXPECT_EQ(step.answer, "");
  EXPECT_FALSE(server->on_message(as_bytes(std::string("\0alice\0s3cret", 13)), kNow));
}

TEST(Plain, RefusesBrokenMessages) {
  SaslServerOptions options;
  options.credentials = store_with("alice", "s3cret");
  using std::string_literals::operator""s;
  for (const std::string& message :
       {""s, "alice"s, "\0alice"s, "\0\0"s, "\0alice\0"s, "\0\0s3cret"s, "\0alice\0s3cret\0"s,
        "bob\0alice\0s3cret"s, "\0al\x01ice\0s3cret"s, "\0\xff\0s3cret"s}) {
    auto server = make_sasl_server("PLAIN", options).value();
    EXPECT_FALSE(server->on_message(as_bytes(message), kNow)) << testing::PrintToString(message);
  }
  auto server = make_sasl_server("PLAIN", options).value();
  EXPECT_TRUE(server->on_message(as_bytes("alice\0alice\0s3cret"s), kNow));
}

TEST(MakeSasl, SaysWhatIsMissing) {
  EXPECT_THAT(std::string(make_sasl_client(alice("GSSAPI")).error().message()),
              HasSubstr("we speak PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER"));
  SaslClientOptions nameless = alice("PLAIN");
  nameless.username.clear();
  EXPECT_EQ(make_sasl_client(nameless).error().code(), Errc::kInvalidArgument);
  SaslClientOptions control = alice("PLAIN");
  control.password = Secret("a\nb");
  EXPECT_EQ(make_sasl_client(control).error().message(), "password has a control character");
  EXPECT_THAT(std::string(make_sasl_server("PLAIN", {}).error().message()),
              HasSubstr("needs users"));
  EXPECT_THAT(std::string(make_sasl_server("OAUTHBEARER", {}).error().message()),
              HasSubstr("needs token keys"));
  EXPECT_EQ(make_sasl_server("X", {}).error().code(), Errc::kUnsupported);
}

// {"alg":"none"} . {"sub":"alice","exp":1700000060}
constexpr std::string_view kUnsecuredToken =
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6MTcwMDAwMDA2MH0.";
// {"alg":"none"} . {"sub":"alice","exp":1600000000}
constexpr std::string_view kExpiredToken =
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6MTYwMDAwMDAwMH0.";

SaslClientOptions bearer(std::string_view token) {
  SaslClientOptions options;
  options.mechanism = "OAUTHBEARER";
  options.token = Secret(token);
  return options;
}

TEST(OAuthBearer, ClientAndServerAgreeAndTheSessionEndsWithTheToken) {
  SaslClientOptions options = bearer(kUnsecuredToken);
  options.extensions = {{"logicalCluster", "lkc-1"}, {"identityPoolId", "pool"}};
  auto client = make_sasl_client(options).value();
  auto server = make_sasl_server("OAUTHBEARER", {nullptr, unsecured_tokens()}).value();
  const Result<SaslStep> step = exchange(*client, *server);
  ASSERT_TRUE(step) << step.error().to_string();
  EXPECT_EQ(step->principal, "User:alice");
  EXPECT_EQ(step->session_lifetime_ms, 60'000);
}

TEST(OAuthBearer, MessageHasTheBytesOfRfc7628) {
  SaslClientOptions options = bearer("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
  options.authorization_id = "user@example.com";
  options.extensions = {{"host", "server.example.com"}, {"port", "143"}};
  auto client = make_sasl_client(options).value();
  EXPECT_EQ(client->first().value(),
            "n,a=user@example.com,\x01"
            "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01"
            "host=server.example.com\x01port=143\x01\x01");
}

TEST(OAuthBearer, RefusalTakesOneMoreRound) {
  auto client = make_sasl_client(bearer(kExpiredToken)).value();
  auto server = make_sasl_server("OAUTHBEARER", {nullptr, unsecured_tokens()}).value();
  const std::string message = client->first().value();
  const SaslStep step = server->on_message(as_bytes(message), kNow).value();
  EXPECT_FALSE(step.done);
  EXPECT_EQ(step.answer, R"({"status":"invalid_token"})");
  EXPECT_EQ(client->next(as_bytes(step.answer)).value(), "\x01");
  EXPECT_FALSE(client->done());
  const Result<SaslStep> last = server->on_message(as_bytes("\x01"), kNow);
  EXPECT_EQ(last.error().code(), Errc::kAuthentication);
  EXPECT_THAT(std::string(last.error().message()), HasSubstr("expired"));
  EXPECT_THAT(std::string(client->next({}).error().message()), HasSubstr("invalid_token"));
}

TEST(OAuthBearer, MissingScopeIsNamed) {
  JwtOptions options;
  options.allow_unsecured = true;
  options.required_scopes = {"kafka"};
  auto server =
      make_sasl_server("OAUTHBEARER", {nullptr, JwtVerifier::create(options).value()}).value();
  auto client = make_sasl_client(bearer(kUnsecuredToken)).value();
  const std::string message = client->first().value();
  EXPECT_EQ(server->on_message(as_bytes(message), kNow).value().answer,
            R"({"scope":"kafka","status":"insufficient_scope"})");
}

TEST(OAuthBearer, ServerRefusesBrokenMessages) {
  for (const std::string_view message : {"", "n,,", "n,,\x01", "n,,\x01\x01",
                                         "n,,\x01"
                                         "auth=Bearer a",
                                         "n,,\x01"
                                         "auth=Basic a\x01\x01",
                                         "n,,\x01"
                                         "auth=Bearer \x01\x01",
                                         "n,,\x01"
                                         "auth=Bearer a\x01"
                                         "auth=Bearer a\x01\x01",
                                         "n,x,\x01"
                                         "auth=Bearer a\x01\x01",
                                         "y,,\x01"
                                         "auth=Bearer a\x01\x01",
                                         "n,,\x01"
                                         "auth=Bearer a\x01"
                                         "k1=v\x01\x01",
                                         "n,,\x01"
                                         "auth=Bearer a\x01"
                                         "k=\x01\x01"}) {
    auto server = make_sasl_server("OAUTHBEARER", {nullptr, unsecured_tokens()}).value();
    EXPECT_EQ(server->on_message(as_bytes(message), kNow).error().code(), Errc::kMalformed)
        << testing::PrintToString(message);
  }
}

TEST(OAuthBearer, ClientRefusesWhatWouldBreakTheMessage) {
  EXPECT_FALSE(make_sasl_client(bearer("a b")).value()->first());
  SaslClientOptions options = bearer("token");
  options.extensions = {{"auth", "x"}};
  EXPECT_FALSE(make_sasl_client(options).value()->first());
  options.extensions = {{"ok",
                         "line\x01"
                         "break"}};
  EXPECT_FALSE(make_sasl_client(options).value()->first());
  auto client = make_sasl_client(bearer("token")).value();
  ASSERT_TRUE(client->first());
  EXPECT_EQ(client->next(as_bytes("not json")).error().code(), Errc::kMalformed);
}

TEST(MemoryCredentialStore, ReadsAUsersFile) {
  const ScramCredential carol = make_scram_credential(Hash::kSha256, "carols", 4096);
  MemoryCredentialStore store;
  const std::string text = fmt::format("# people\nalice:s3:cret\r\n\ncarol:{}\n",
                                       format_scram_credential(Hash::kSha256, carol));
  ASSERT_TRUE(store.load_text(text, "users"));
  EXPECT_EQ(store.size(), 2U);
  EXPECT_TRUE(store.verify_password("alice", "s3:cret"));
  EXPECT_FALSE(store.verify_password("alice", "s3"));
  EXPECT_TRUE(store.verify_password("carol", "carols"));
  EXPECT_FALSE(store.verify_password("carol", "wrong"));
  EXPECT_FALSE(store.verify_password("dave", "wrong"));
  EXPECT_TRUE(store.find_scram(Hash::kSha256, "carol").has_value());
  EXPECT_FALSE(store.find_scram(Hash::kSha512, "carol").has_value());
  EXPECT_TRUE(store.remove("carol"));
  EXPECT_FALSE(store.verify_password("carol", "carols"));
}

TEST(MemoryCredentialStore, ErrorsNameFileAndLine) {
  MemoryCredentialStore store;
  EXPECT_EQ(store.load_text("alice:x\nbob\n", "users.txt").error().message(),
            "users.txt:2: expected name:password");
  EXPECT_EQ(store.load_text("alice:\n", "users.txt").error().message(),
            "users.txt:1: user alice has an empty password");
  EXPECT_THAT(std::string(store.load_file("/nonexistent/users").error().message()),
              HasSubstr("cannot read users file /nonexistent/users: No such file"));
}

}  // namespace
}  // namespace odradek::auth
