// TLS and SASL of the client, against brokers inside this process with listeners of their own.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "auth/base64.h"
#include "auth/dev_certificate.h"
#include "auth/jwt.h"
#include "auth/sasl.h"
#include "auth/tls_context.h"
#include "client_fixture.h"
#include "http/server.h"
#include "io/task_group.h"

namespace odradek::compat {
namespace {

using testing::HasSubstr;

// A token without a signature, as Kafka's development mode takes it.
std::string unsecured_token(const std::string& subject, seconds life = seconds(3600)) {
  const auto now =
      std::chrono::duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const std::string claims = R"({"sub":")" + subject + R"(","iat":)" + std::to_string(now) +
                             R"(,"exp":)" + std::to_string(now + life.count()) + "}";
  return auth::encode_base64url(as_bytes(std::string_view(R"({"alg":"none"})"))) + "." +
         auth::encode_base64url(as_bytes(claims)) + ".";
}

ok::ClientOptions options_for(const broker::Broker& broker) {
  ok::ClientOptions options;
  options.bootstrap = broker.bootstrap();
  options.request_timeout = seconds(5);
  return options;
}

// The cluster's answer to a simple question.
ok::Result<void> ask(ok::ClientOptions options) {
  const ok::Client client(std::move(options));
  const auto topics = ok::Admin(client).list_topics().get();
  if (!topics) return topics.error();
  return {};
}

// --- OAUTHBEARER

class OAuthTest : public testing::Test {
 protected:
  OAuthTest() {
    broker::BrokerOptions options;
    auth::JwtOptions tokens;
    tokens.allow_unsecured = true;
    rpc::SaslOptions sasl;
    sasl.mechanisms = {"OAUTHBEARER"};
    sasl.start = [verifier = *auth::JwtVerifier::create(tokens)](std::string_view mechanism) {
      auth::SaslServerOptions with;
      with.tokens = verifier;
      return auth::make_sasl_server(mechanism, with);
    };
    options.listeners[0].options.sasl = std::move(sasl);
    broker_ = std::make_unique<broker::Broker>(std::move(options));
    EXPECT_TRUE(broker_->start().has_value());
  }

  ok::ClientOptions options(ok::Authentication auth) const {
    ok::ClientOptions made = options_for(*broker_);
    made.auth = std::move(auth);
    return made;
  }

  std::unique_ptr<broker::Broker> broker_;
};

TEST_F(OAuthTest, TakesTokensOfTheProgramsProvider) {
  const auto asked = std::make_shared<std::atomic<int>>(0);
  ok::OAuthBearer bearer;
  bearer.token_provider = [asked]() -> ok::Result<ok::BearerToken> {
    ++*asked;
    EXPECT_FALSE(ok::on_client_thread());
    ok::BearerToken token{.token = ok::Secret(unsecured_token("ada"))};
    token.expires_at = std::chrono::system_clock::now() + std::chrono::hours(1);
    return token;
  };
  const auto answered = ask(options(bearer));
  EXPECT_TRUE(answered) << answered.error().to_string();
  EXPECT_EQ(*asked, 1);
}

TEST_F(OAuthTest, SaysWhatTheProviderSaid) {
  ok::OAuthBearer bearer;
  bearer.token_provider = []() -> ok::Result<ok::BearerToken> {
    return ok::KafkaError(ok::ErrorKind::authentication, "the vault is locked");
  };
  const auto refused = ask(options(bearer));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ok::ErrorKind::authentication);
  EXPECT_THAT(refused.error().message(), HasSubstr("the vault is locked"));
}

TEST_F(OAuthTest, RefusesOptionsThatCannotWork) {
  const auto refused = [this](ok::Authentication auth) {
    const auto made = ok::Client::create(options(std::move(auth)));
    EXPECT_FALSE(made);
    return made ? std::string() : made.error().message();
  };
  EXPECT_THAT(refused(ok::OidcClientCredentials{.token_endpoint = "idp", .client_id = "me"}),
              HasSubstr("token_endpoint"));
  EXPECT_THAT(refused(ok::OidcClientCredentials{.token_endpoint = "https://idp/token"}),
              HasSubstr("client_id"));
  ok::OAuthBearer both{.token = ok::Secret("x")};
  both.token_provider = [] { return ok::Result<ok::BearerToken>(ok::BearerToken{}); };
  EXPECT_THAT(refused(both), HasSubstr("token_provider"));
}

// --- OIDC: an identity provider that knows one client

class OidcTest : public OAuthTest {
 protected:
  OidcTest() {
    on_loop([this] {
      server_ = std::make_unique<http::HttpServer>(
          *loop_, [this](http::HttpRequest request) { return answer(std::move(request)); });
      port_ = *server_->listen({});
    });
  }
  ~OidcTest() override {
    on_loop([this] { io::spawn_self_owned(*loop_, stop(this)); });
    thread_.join();
  }

  static io::Task<http::HttpResponse> respond(http::HttpResponse response) { co_return response; }

  io::Task<http::HttpResponse> answer(http::HttpRequest request) {
    ++requests_;
    requests_.notify_all();
    http::HttpResponse response;
    response.content_type = "application/json";
    // The id and secret below, form-encoded and in base64.
    const bool is_known =
        request.header("authorization") ==
        "Basic " + auth::encode_base64(as_bytes(std::string_view("me%3A1:s3%20cret%2B")));
    if (is_away_) {
      response.status = 503;
    } else if (!is_known || request.method != "POST") {
      response.status = 401;
      response.body = R"({"error":"invalid_client","error_description":"who are you"})";
    } else if (request.body != "grant_type=client_credentials&scope=kafka%20all") {
      response.status = 400;
      response.body = R"({"error":"invalid_scope"})";
    } else {
      response.body = R"({"access_token":")" + unsecured_token("ada") + R"(","expires_in":3600})";
    }
    return respond(std::move(response));
  }

  ok::OidcClientCredentials credentials() const {
    ok::OidcClientCredentials made;
    made.token_endpoint = "http://127.0.0.1:" + std::to_string(port_) + "/token";
    made.client_id = "me:1";
    made.client_secret = ok::Secret("s3 cret+");
    made.scope = "kafka all";
    return made;
  }

  template <class Work>
  void on_loop(Work work) {
    std::atomic<bool> is_done = false;
    loop_->post([&] {
      work();
      is_done = true;
      is_done.notify_all();
    });
    is_done.wait(false);
  }

  std::atomic<int> requests_ = 0;
  std::atomic<bool> is_away_ = false;
  uint16_t port_ = 0;

 private:
  // Ends the server, then the loop.
  static io::Task<void> stop(OidcTest* test) {
    co_await test->server_->stop();
    test->loop_->stop();
  }

  std::unique_ptr<io::Loop> loop_ = std::make_unique<io::Loop>();
  std::unique_ptr<http::HttpServer> server_;
  std::thread thread_{[this] { loop_->run(); }};
};

TEST_F(OidcTest, GetsATokenForItsCredentialsOnce) {
  const ok::Client client(options(credentials()));
  const std::string topic = fresh_name("topic");
  ok::NewTopic wanted;
  wanted.name = topic;
  wanted.partitions = 1;
  const auto created = ok::Admin(client).create_topics({wanted}).get();
  ASSERT_TRUE(created) << created.error().to_string();
  ok::Producer producer(client, {});  // on another connection, with the same token
  const auto sent = producer.send({.topic = topic, .value = "v"}).get();
  EXPECT_TRUE(sent) << sent.error().to_string();
  EXPECT_EQ(requests_, 1);
}

TEST_F(OidcTest, SaysWhyTheProviderRefused) {
  ok::OidcClientCredentials wrong = credentials();
  wrong.client_secret = ok::Secret("wrong");
  const auto refused = ask(options(wrong));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ok::ErrorKind::authentication);
  EXPECT_THAT(refused.error().message(), HasSubstr("401: invalid_client: who are you"));
  EXPECT_EQ(refused.error().message().find("wrong"), std::string::npos);
}

TEST_F(OidcTest, LosesNoRecordsWhileTheProviderIsAway) {
  const std::string topic = fresh_name("topic");
  {
    const ok::Client client(options(credentials()));
    ok::NewTopic wanted;
    wanted.name = topic;
    wanted.partitions = 1;
    ASSERT_TRUE(ok::all(ok::Admin(client).create_topics({wanted}).get()));
  }
  is_away_ = true;
  const int before = requests_;
  const ok::Client client(options(credentials()));
  ok::Producer producer(client, {});
  auto sent = producer.send({.topic = topic, .value = "v"});
  for (int asked = requests_; asked < before + 2; asked = requests_) requests_.wait(asked);
  is_away_ = false;
  const auto stored = sent.get();
  EXPECT_TRUE(stored) << stored.error().to_string();
}

TEST_F(OidcTest, SaysThatTheProviderCannotBeReached) {
  ok::OidcClientCredentials away = credentials();
  away.token_endpoint = "http://127.0.0.1:1/token";
  const ok::Client client(options(away));
  const auto refused = ok::Admin(client).describe_cluster(milliseconds(500)).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ok::ErrorKind::network);
  EXPECT_THAT(refused.error().message(), HasSubstr("token endpoint"));
}

// --- TLS

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    std::string pattern = testing::TempDir() + "odk_client_tls_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    broker::BrokerOptions options;
    serve_with(authority_, authority_);
    options.listeners[0].options.tls = [this] { return *server_.lock(); };
    broker_ = std::make_unique<broker::Broker>(std::move(options));
    EXPECT_TRUE(broker_->start().has_value());
  }
  ~TlsTest() override {
    broker_.reset();
    std::filesystem::remove_all(folder_);
  }

  // What the broker shows from now on, and whose clients it takes.
  void serve_with(const auth::DevAuthority& own, const auth::DevAuthority& clients) {
    auth::TlsServerOptions options;
    auth::DevCertificateRequest request;
    request.dns_names = {"localhost"};
    request.ip_addresses = {"127.0.0.1"};
    const auto made = own.issue(request);
    auth::TlsCertificate certificate;
    certificate.chain.text = made->certificate_pem;
    certificate.key.text = made->key_pem;
    options.certificates.push_back(std::move(certificate));
    options.client_certificates = auth::ClientCertificates::kRequired;
    options.client_ca.text = clients.certificate_pem();
    *server_.lock() = *auth::make_tls_server_context(options);
  }

  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path + ".new") << text;
    std::filesystem::rename(path + ".new", path);
    return path;
  }

  ok::ClientOptions options(ok::Tls tls) const {
    ok::ClientOptions made = options_for(*broker_);
    made.security = std::move(tls);
    return made;
  }

  // The context of the broker, which its own thread asks for.
  class Guarded {
   public:
    class Locked {
     public:
      Locked(std::mutex& mutex, auth::TlsContext& context) : held_(mutex), context_(&context) {}
      auth::TlsContext& operator*() const { return *context_; }

     private:
      std::unique_lock<std::mutex> held_;
      auth::TlsContext* context_;
    };
    Locked lock() { return {mutex_, context_}; }

   private:
    std::mutex mutex_;
    auth::TlsContext context_;
  };

  auth::DevAuthority authority_ = *auth::DevAuthority::create("first");
  auth::DevAuthority other_ = *auth::DevAuthority::create("second");
  Guarded server_;
  std::string folder_;
  std::unique_ptr<broker::Broker> broker_;
};

TEST_F(TlsTest, TakesCertificatesAndKeyFromMemory) {
  const auto mine = *authority_.issue({});
  ok::Tls tls{.ca_pem = authority_.certificate_pem(), .certificate_pem = mine.certificate_pem};
  tls.key_pem = ok::Secret(mine.key_pem);
  const auto answered = ask(options(tls));
  EXPECT_TRUE(answered) << answered.error().to_string();
  tls.key_pem = ok::Secret(authority_.issue({})->key_pem);  // of another certificate
  const auto refused = ok::Client::create(options(tls));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ok::ErrorKind::config);
}

TEST_F(TlsTest, RefusesAFileAndATextForTheSame) {
  ok::Tls tls{.ca_file = "ca.pem", .ca_pem = authority_.certificate_pem()};
  const auto refused = ok::Client::create(options(tls));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("ca_file and ca_pem"));
}

TEST_F(TlsTest, ReadsFilesAgainThatChanged) {
  const auto mine = *authority_.issue({});
  ok::Tls tls;
  tls.ca_file = write("ca.pem", authority_.certificate_pem());
  tls.certificate_file = write("me.crt", mine.certificate_pem);
  tls.key_file = write("me.key", mine.key_pem);
  ok::ClientOptions made = options(tls);
  made.connection_idle_max = milliseconds(1);  // each question comes by a connection of its own
  const ok::Client client(made);
  ok::Admin admin(client);
  const auto answers = [&admin] { return admin.list_topics().get().has_value(); };
  ASSERT_TRUE(answers());

  // Everybody changes to another authority; while only one file is there, the old ones are used.
  const auto next = *other_.issue({});
  write("me.key", next.key_pem);
  ASSERT_TRUE(answers());
  serve_with(other_, other_);
  write("me.crt", next.certificate_pem);
  write("ca.pem", other_.certificate_pem());
  const auto end = std::chrono::steady_clock::now() + seconds(30);
  while (!answers() && std::chrono::steady_clock::now() < end) continue;
  EXPECT_TRUE(answers());
}

}  // namespace
}  // namespace odradek::compat
