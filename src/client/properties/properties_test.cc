#include "odradek/properties.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "client/properties/property.h"

namespace odradek::kafka {
namespace {

using std::chrono::milliseconds;

PropertyOptions read(const Properties& properties) {
  auto options = from_properties(properties);
  EXPECT_TRUE(options) << options.error().to_string();
  return options ? *std::move(options) : PropertyOptions();
}

std::string refused(const Properties& properties) {
  const auto options = from_properties(properties);
  EXPECT_FALSE(options);
  if (options) return {};
  EXPECT_EQ(options.error().kind(), ErrorKind::config);
  return options.error().message();
}

TEST(Properties, TakeTheNamesOfTheJavaClient) {
  const PropertyOptions options = read({{"bootstrap.servers", "a:1,b:2"},
                                        {"client.id", "me"},
                                        {"acks", "1"},
                                        {"linger.ms", "7"},
                                        {"compression.type", "zstd"},
                                        {"compression.zstd.level", "5"},
                                        {"buffer.memory", "1048576"},
                                        {"batch.size", "16384"},
                                        {"group.id", "g"},
                                        {"group.protocol", "CONSUMER"},
                                        {"auto.offset.reset", "earliest"},
                                        {"isolation.level", "read_committed"},
                                        {"enable.auto.commit", "false"},
                                        {"max.poll.interval.ms", "1000"}});
  EXPECT_EQ(options.client.bootstrap, "a:1,b:2");
  EXPECT_EQ(options.client.client_id, "me");
  EXPECT_EQ(options.producer.acks, Acks::leader);
  EXPECT_EQ(options.producer.linger, milliseconds(7));
  EXPECT_EQ(options.producer.compression.codec, Codec::zstd);
  EXPECT_EQ(options.producer.compression.level, 5);
  EXPECT_EQ(options.producer.buffer_bytes, 1'048'576U);
  EXPECT_EQ(options.producer.batch_bytes, 16'384U);
  EXPECT_EQ(options.consumer.group, "g");
  EXPECT_EQ(options.consumer.protocol, GroupProtocol::consumer);
  EXPECT_EQ(options.consumer.start, Start::earliest);
  EXPECT_EQ(options.consumer.isolation, Isolation::read_committed);
  EXPECT_FALSE(options.consumer.auto_commit);
  EXPECT_EQ(options.consumer.max_poll_interval, milliseconds(1000));
}

TEST(Properties, TakeTheNamesOfLibrdkafka) {
  const PropertyOptions options = read({{"metadata.broker.list", "a:1"},
                                        {"request.required.acks", "-1"},
                                        {"queue.buffering.max.ms", "0.5"},
                                        {"queue.buffering.max.kbytes", "2048"},
                                        {"message.timeout.ms", "5000"},
                                        {"fetch.wait.max.ms", "10"},
                                        {"queued.max.messages.kbytes", "1024"},
                                        {"partition.assignment.strategy", "range, roundrobin"}});
  EXPECT_EQ(options.client.bootstrap, "a:1");
  EXPECT_EQ(options.producer.acks, Acks::all);
  EXPECT_EQ(options.producer.linger, milliseconds(0));
  EXPECT_EQ(options.producer.buffer_bytes, 2'097'152U);
  EXPECT_EQ(options.producer.delivery_timeout, milliseconds(5000));
  EXPECT_EQ(options.consumer.fetch_wait_max, milliseconds(10));
  EXPECT_EQ(options.consumer.prefetch_bytes, 1'048'576U);
  EXPECT_EQ(options.consumer.assignors,
            (std::vector<Assignor>{Assignor::range, Assignor::round_robin}));
}

TEST(Properties, PutSecurityTogether) {
  const PropertyOptions options = read({{"security.protocol", "SASL_SSL"},
                                        {"sasl.mechanism", "SCRAM-SHA-512"},
                                        {"sasl.username", "ada"},
                                        {"sasl.password", "secret"},
                                        {"ssl.ca.location", "ca.pem"}});
  ASSERT_TRUE(std::holds_alternative<Tls>(options.client.security));
  EXPECT_EQ(std::get<Tls>(options.client.security).ca_file, "ca.pem");
  ASSERT_TRUE(std::holds_alternative<ScramSha512>(options.client.auth));
  EXPECT_EQ(std::get<ScramSha512>(options.client.auth).user, "ada");
  EXPECT_EQ(std::get<ScramSha512>(options.client.auth).password.reveal(), "secret");
}

TEST(Properties, TakePemText) {
  const PropertyOptions options = read({{"security.protocol", "SSL"},
                                        {"ssl.truststore.type", "PEM"},
                                        {"ssl.truststore.certificates", "the ca"},
                                        {"ssl.keystore.certificate.chain", "the chain"},
                                        {"ssl.keystore.key", "the key"}});
  const Tls& tls = std::get<Tls>(options.client.security);
  EXPECT_EQ(tls.ca_pem, "the ca");
  EXPECT_EQ(tls.certificate_pem, "the chain");
  EXPECT_EQ(tls.key_pem.reveal(), "the key");
}

TEST(Properties, TakeWhoWeAreFromAJaasEntry) {
  const PropertyOptions options =
      read({{"security.protocol", "SASL_PLAINTEXT"},
            {"sasl.mechanism", "SCRAM-SHA-256"},
            {"sasl.jaas.config",
             "org.apache.kafka.common.security.scram.ScramLoginModule required\n"
             R"(  username="ada" password='it\'s "quoted" \\';)"}});
  const ScramSha256& scram = std::get<ScramSha256>(options.client.auth);
  EXPECT_EQ(scram.user, "ada");
  EXPECT_EQ(scram.password.reveal(), R"(it's "quoted" \)");
}

TEST(Properties, TakeClientCredentialsOfOidc) {
  const auto expect_all = [](const PropertyOptions& options) {
    const auto& oidc = std::get<OidcClientCredentials>(options.client.auth);
    EXPECT_EQ(oidc.token_endpoint, "https://idp/token");
    EXPECT_EQ(oidc.client_id, "me");
    EXPECT_EQ(oidc.client_secret.reveal(), "s3");
    EXPECT_EQ(oidc.scope, "kafka");
    EXPECT_EQ(oidc.extensions, (std::map<std::string, std::string>{{"logicalCluster", "lkc"}}));
  };
  const std::map<std::string, std::string> common = {
      {"security.protocol", "SASL_SSL"},
      {"sasl.mechanism", "OAUTHBEARER"},
      {"sasl.oauthbearer.token.endpoint.url", "https://idp/token"}};
  auto java = common;
  java["sasl.jaas.config"] =
      "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId='me' "
      "clientSecret=\"s3\" scope=kafka extension_logicalCluster=lkc;";
  expect_all(read(java));
  auto librdkafka = common;
  librdkafka["sasl.oauthbearer.method"] = "oidc";
  librdkafka["sasl.oauthbearer.client.id"] = "me";
  librdkafka["sasl.oauthbearer.client.secret"] = "s3";
  librdkafka["sasl.oauthbearer.scope"] = "kafka";
  librdkafka["sasl.oauthbearer.extensions"] = "logicalCluster=lkc";
  expect_all(read(librdkafka));
}

TEST(Properties, MakeATokenOfWhatAJaasEntryClaims) {
  const PropertyOptions options =
      read({{"security.protocol", "SASL_PLAINTEXT"},
            {"sasl.mechanism", "OAUTHBEARER"},
            {"sasl.jaas.config",
             "OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"ada\";"}});
  const auto token = std::get<OAuthBearer>(options.client.auth).token_provider();
  ASSERT_TRUE(token);
  EXPECT_TRUE(token->token.reveal().starts_with("eyJhbGciOiJub25lIn0."));
  EXPECT_TRUE(token->token.reveal().ends_with("."));
  EXPECT_GT(*token->expires_at, std::chrono::system_clock::now());
}

TEST(Properties, RefuseAJaasEntryThatIsNone) {
  for (const char* entry :
       {"", "PlainLoginModule", "PlainLoginModule perhaps username=a;",
        "PlainLoginModule required username=hush", "PlainLoginModule required username;",
        "PlainLoginModule required password='hush;", "PlainLoginModule required =hush;",
        "PlainLoginModule required username=a; hush", "Krb5LoginModule required;"}) {
    const std::string reason = refused({{"sasl.jaas.config", entry}});
    EXPECT_NE(reason.find("sasl.jaas.config"), std::string::npos) << entry;
    EXPECT_EQ(reason.find("hush"), std::string::npos) << reason;
  }
}

TEST(Properties, LeaveSecurityOutThatTheProtocolDoesNotUse) {
  const PropertyOptions options = read({{"sasl.username", "ada"}, {"ssl.ca.location", "ca.pem"}});
  EXPECT_TRUE(std::holds_alternative<std::monostate>(options.client.security));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(options.client.auth));
}

TEST(Properties, GiveOneNameToAllWhoHaveIt) {
  const PropertyOptions options = read({{"request.timeout.ms", "1234"}});
  EXPECT_EQ(options.client.request_timeout, milliseconds(1234));
  EXPECT_EQ(options.producer.request_timeout, milliseconds(1234));
}

TEST(Properties, RefuseAnUnknownNameAndSayTheNearest) {
  EXPECT_EQ(refused({{"bootstrap.server", "a:1"}}),
            "property bootstrap.server is not known; did you mean bootstrap.servers?");
  EXPECT_EQ(refused({{"zzz", "a"}}), "property zzz is not known");
}

TEST(Properties, RefuseAValueThatMakesNoSense) {
  EXPECT_EQ(refused({{"linger.ms", "soon"}}), "property linger.ms: is not a whole number");
  EXPECT_EQ(refused({{"acks", "2"}}), "property acks: is none of all, -1, 1, 0");
  EXPECT_EQ(refused({{"enable.idempotence", "maybe"}}),
            "property enable.idempotence: is neither true nor false");
  EXPECT_NE(refused({{"ssl.keystore.type", "JKS"}}).find("only PEM"), std::string::npos);
  EXPECT_NE(refused({{"security.protocol", "sasl_ssl"}}).find("GSSAPI"), std::string::npos);
}

TEST(Properties, TakeADurationToBeginAt) {
  const auto start = [](std::string value) {
    return read({{"auto.offset.reset", std::move(value)}}).consumer.start;
  };
  EXPECT_EQ(start("by_duration:PT1H"), Start::by_duration(std::chrono::hours(1)));
  EXPECT_EQ(
      start("by_duration:P2DT3H4M5.5S"),
      Start::by_duration(std::chrono::hours(51) + std::chrono::minutes(4) + milliseconds(5500)));
  EXPECT_EQ(start("BY_DURATION:pt0s"), Start::by_duration(milliseconds(0)));
  for (const char* wrong :
       {"1h", "P", "PT", "P1H", "PT1D", "-PT1H", "PT-1H", "PT1H1H", "PT1.5M", "PT1M2H", "P1", ""}) {
    EXPECT_NE(
        refused({{"auto.offset.reset", std::string("by_duration:") + wrong}}).find("like PT1H"),
        std::string::npos)
        << wrong;
  }
}

TEST(Properties, KeepSecretsOutOfErrors) {
  const std::string text = refused({{"security.protocol", "sasl_plaintext"},
                                    {"sasl.mechanism", "PLAIN"},
                                    {"sasl.password", "hush"}});
  EXPECT_EQ(text.find("hush"), std::string::npos);
}

TEST(Properties, NameWhatHasNoEffect) {
  const PropertyOptions options = read({{"socket.keepalive.enable", "true"}, {"acks", "all"}});
  EXPECT_EQ(options.without_effect, std::vector<std::string>{"socket.keepalive.enable"});
}

TEST(Properties, AreAllInTheUsersTable) {
  std::ifstream file(ODK_SOURCE_DIR "/docs/client/properties.md");
  std::stringstream page;
  page << file.rdbuf();
  const std::string text = page.str();
  const auto expect_named = [&text](std::string_view name) {
    EXPECT_NE(text.find("`" + std::string(name) + "`"), std::string::npos) << name;
  };
  for (const auto properties : {client::client_properties(), client::security_properties(),
                                client::producer_properties(), client::consumer_properties()}) {
    for (const client::Property& property : properties) expect_named(property.name);
  }
  for (const std::string_view name : client::properties_without_effect()) expect_named(name);
}

}  // namespace
}  // namespace odradek::kafka
