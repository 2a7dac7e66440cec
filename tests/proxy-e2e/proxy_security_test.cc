#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>

#include "auth/base64.h"
#include "auth/dev_certificate.h"
#include "cluster/security.h"
#include "http/router.h"
#include "http/server.h"
#include "proto/error_code.h"
#include "proto/messages/heartbeat_request.h"
#include "proto/messages/heartbeat_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

using proto::ErrorCode;

// Signs tokens, RS256.
class TokenSigner {
 public:
  TokenSigner() : key_(EVP_RSA_gen(2048)) {}
  TokenSigner(const TokenSigner&) = delete;
  TokenSigner& operator=(const TokenSigner&) = delete;
  ~TokenSigner() { EVP_PKEY_free(key_); }

  std::string token(std::string_view subject, std::chrono::seconds lifetime,
                    std::string_view scope = "kafka") const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto expires = std::chrono::duration_cast<std::chrono::seconds>(now + lifetime).count();
    const std::string claims =
        fmt::format(R"({{"sub":"{}","exp":{},"iss":"us","aud":"kafka","scope":"{}"}})", subject,
                    expires, scope);
    const std::string text = auth::encode_base64url(as_bytes(R"({"alg":"RS256"})")) + "." +
                             auth::encode_base64url(as_bytes(claims));
    return text + "." + auth::encode_base64url(sign(text));
  }

  std::string public_key_pem() const {
    BIO* output = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(output, key_);
    char* data = nullptr;
    const long length = BIO_get_mem_data(output, &data);
    std::string pem(data, static_cast<size_t>(length));
    BIO_free(output);
    return pem;
  }

 private:
  std::vector<uint8_t> sign(const std::string& text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_);
    size_t size = 512;
    std::vector<uint8_t> signature(size);
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    EVP_DigestSign(context, signature.data(), &size, bytes, text.size());
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return signature;
  }

  EVP_PKEY* key_;
};

class ProxySecurity : public ProxyTest {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) / "odk_proxy_security";
    std::filesystem::create_directories(folder_);
    auto authority = auth::DevAuthority::create();
    ASSERT_TRUE(authority);
    authority_.emplace(*std::move(authority));
    write("ca", authority_->certificate_pem());
    issue("server", {});
    auth::DevCertificateRequest alice;
    alice.subject = {{"CN", "alice"}, {"OU", "people"}};
    issue("alice", alice);
    auth::DevCertificateRequest old = alice;
    old.valid_from = std::chrono::hours(-48);
    old.valid_until = std::chrono::hours(-24);
    issue("old", old);
    write("token.pem", signer_.public_key_pem());
  }

  std::string path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  void issue(const std::string& name, auth::DevCertificateRequest request) {
    request.ip_addresses = {"127.0.0.1"};
    const auto issued = authority_->issue(request);
    ASSERT_TRUE(issued) << issued.error().to_string();
    write(name + ".crt", issued->certificate_pem);
    write(name + ".key", issued->key_pem);
  }

  ListenerSecurityOptions listener(bool tls, std::vector<std::string> mechanisms) {
    ListenerSecurityOptions options;
    options.has_tls = tls;
    options.has_sasl = !mechanisms.empty();
    options.tls.certificate_file = path("server.crt");
    options.tls.key_file = path("server.key");
    options.mechanisms = std::move(mechanisms);
    options.users["alice"] = Secret("alice-secret");
    options.users["bob"] = Secret("bob-secret");
    options.tokens.keys_file = path("token.pem");
    options.tokens.issuer = "us";
    options.tokens.audiences = {"kafka"};
    options.tokens.required_scopes = {"kafka"};
    return options;
  }

  static ProxyOptions with(ListenerSecurityOptions security) {
    ProxyOptions options = default_options();
    auto made = ListenerSecurity::create(std::move(security));
    EXPECT_TRUE(made) << made.error().to_string();
    options.listener_security = *made;
    return options;
  }

  // The fixture's start(), without its plaintext client.
  void start_secured(ProxyOptions options) {
    broker::BrokerOptions broker_options;
    broker_options.loop = &loop_;
    broker_ = std::make_unique<broker::Broker>(std::move(broker_options));
    ASSERT_TRUE(broker_->start());
    add_proxy(std::move(options));
  }

  cluster::SecurityOptions client(bool tls, std::string mechanism, std::string user = "alice",
                                  std::string password = "alice-secret") {
    cluster::SecurityOptions options;
    options.protocol = mechanism.empty() ? "PLAINTEXT" : "SASL_PLAINTEXT";
    if (tls) options.protocol = mechanism.empty() ? "SSL" : "SASL_SSL";
    options.tls.ca.file = path("ca");
    options.sasl.mechanism = std::move(mechanism);
    options.sasl.username = std::move(user);
    options.sasl.password = Secret(password);
    return options;
  }

  Result<std::unique_ptr<rpc::ClientConnection>> try_connect(
      const cluster::SecurityOptions& security) {
    auto made = cluster::make_client_security(security);
    if (!made) return made.error();
    const io::HostPort to = *io::parse_host_port(proxies_[0]->address());
    rpc::ConnectOptions options;
    options.host = to.host;
    options.port = to.port;
    options.security = *made;
    options.deadline = deadline();
    return loop_.block_on(rpc::ClientConnection::connect(loop_, std::move(options)));
  }

  // Whether a connection that came about is of use: a TLS 1.3 client learns only with its first
  // read that its certificate was refused.
  bool is_served(const cluster::SecurityOptions& security) {
    auto connected = try_connect(security);
    if (!connected) return false;
    const auto answer = loop_.block_on((*connected)->call(proto::MetadataRequest{}, 9, deadline()));
    return answer.has_value();
  }

  std::filesystem::path folder_;
  std::optional<auth::DevAuthority> authority_;
  TokenSigner signer_;
};

TEST_F(ProxySecurity, ServesClientsThatLogInAndNobodyElse) {
  for (const bool tls : {false, true}) {
    for (const std::string mechanism : {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}) {
      start_secured(with(listener(tls, {mechanism})));
      EXPECT_TRUE(is_served(client(tls, mechanism))) << mechanism << tls;
      const auto wrong = try_connect(client(tls, mechanism, "alice", "guess"));
      ASSERT_FALSE(wrong);
      EXPECT_EQ(wrong.error().code(), Errc::kAuthentication) << wrong.error().to_string();
      EXPECT_EQ(try_connect(client(tls, mechanism, "mallory", "guess")).error().code(),
                Errc::kAuthentication);
      EXPECT_FALSE(is_served(client(tls, "")));  // no login at all
      TearDown();
    }
  }
}

TEST_F(ProxySecurity, KnowsClientsByTheirCertificates) {
  ListenerSecurityOptions security = listener(true, {});
  security.tls.client_ca_file = path("ca");
  security.tls.requires_client_certificate = true;
  security.tls.mapping_rules = "RULE:^CN=([a-z]+).*$/$1/,DEFAULT";
  ProxyOptions options = with(security);
  options.access = std::make_shared<const AccessRules>(std::vector<AccessRule>{
      {.principal = "User:alice", .operations = {Operation::kRead}, .topic = "*"}});
  start_secured(std::move(options));
  cluster::SecurityOptions alice = client(true, "");
  EXPECT_FALSE(is_served(alice));  // no certificate
  alice.tls.certificates.resize(1);
  alice.tls.certificates[0].chain.file = path("alice.crt");
  alice.tls.certificates[0].key.file = path("alice.key");
  EXPECT_TRUE(is_served(alice));
  auto connected = try_connect(alice);
  ASSERT_TRUE(connected);
  const Stored stored = produce(**connected, "events", {{.partition = 0, .values = {"a"}}})[0];
  EXPECT_EQ(stored.error, proto::to_number(ErrorCode::kTopicAuthorizationFailed));
}

TEST_F(ProxySecurity, RefusesCertificatesWhoseTimeIsOver) {
  // Ours is not even loaded.
  ListenerSecurityOptions security = listener(true, {});
  security.tls.certificate_file = path("old.crt");
  security.tls.key_file = path("old.key");
  const auto made = ListenerSecurity::create(security);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), Errc::kConfig);
}

TEST_F(ProxySecurity, TakesTokensUntilTheyExpire) {
  start_secured(with(listener(false, {"OAUTHBEARER"})));
  const auto with_token = [&](std::string token) {
    cluster::SecurityOptions options = client(false, "OAUTHBEARER");
    options.sasl.token = Secret(token);
    return options;
  };
  using std::chrono::seconds;
  EXPECT_TRUE(is_served(with_token(signer_.token("carol", seconds(600)))));
  EXPECT_FALSE(is_served(with_token(signer_.token("carol", seconds(-600)))));
  EXPECT_FALSE(is_served(with_token(signer_.token("carol", seconds(600), "other"))));
  EXPECT_FALSE(is_served(with_token(TokenSigner().token("carol", seconds(600)))));
}

TEST_F(ProxySecurity, LetsNobodyDoMoreThanIsAllowed) {
  ProxyOptions options = with(listener(false, {"PLAIN"}));
  options.access = std::make_shared<const AccessRules>(std::vector<AccessRule>{
      {.principal = "User:alice",
       .operations = {Operation::kRead, Operation::kWrite, Operation::kCreate},
       .topic = "alice-"},
      {.principal = "User:alice", .operations = {Operation::kRead}, .group = "alice-"}});
  start_secured(std::move(options));
  auto connected = try_connect(client(false, "PLAIN"));
  ASSERT_TRUE(connected);
  client_ = *std::move(connected);
  EXPECT_EQ(create_topic("alice-events", 12), 0);
  EXPECT_EQ(create_topic("events", 12), proto::to_number(ErrorCode::kTopicAuthorizationFailed));
  EXPECT_EQ(produce("alice-events", {.partition = 4, .values = {"a"}}).error, 0);
  EXPECT_EQ(read_all(*client_, "alice-events", 4).size(), 1U);

  auto other = try_connect(client(false, "PLAIN", "bob", "bob-secret"));
  ASSERT_TRUE(other);
  const auto refused = proto::to_number(ErrorCode::kTopicAuthorizationFailed);
  EXPECT_EQ(produce(**other, "alice-events", {{.partition = 4, .values = {"b"}}})[0].error,
            refused);
  EXPECT_EQ(fetch(**other, "alice-events", {{.partition = 4}})[4].error, refused);
  proto::MetadataRequest all;
  all.topics = {};
  EXPECT_TRUE(call(**other, all)->topics.empty());
  EXPECT_EQ(call(all)->topics.size(), 1U);
  proto::HeartbeatRequest heartbeat;
  heartbeat.group_id = "alice-readers";
  heartbeat.member_id = "m";
  EXPECT_EQ(call(**other, heartbeat)->error_code,
            proto::to_number(ErrorCode::kGroupAuthorizationFailed));
  EXPECT_EQ(call(heartbeat)->error_code, proto::to_number(ErrorCode::kUnknownMemberId));
}

TEST_F(ProxySecurity, ReadsUsersAgainWhileItRuns) {
  start_secured(with(listener(false, {"PLAIN"})));
  EXPECT_FALSE(is_served(client(false, "PLAIN", "alice", "new-secret")));
  ListenerSecurityOptions changed = listener(false, {"PLAIN"});
  changed.users["alice"] = Secret("new-secret");
  EXPECT_TRUE(loop_.block_on(proxies_[0]->reload(with(changed))));
  EXPECT_TRUE(is_served(client(false, "PLAIN", "alice", "new-secret")));
  EXPECT_FALSE(is_served(client(false, "PLAIN")));
  ProxyOptions other_mapping = with(changed);
  other_mapping.fallback->virtual_partitions = 24;
  const Result<void> refused = loop_.block_on(proxies_[0]->reload(other_mapping));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kConfig);
}

}  // namespace
}  // namespace odradek::proxy::testing
