#include "auth/tls_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "auth/dev_certificate.h"
#include "auth/tls_principal.h"

namespace odradek::auth {
namespace {

using testing::HasSubstr;
using SslPtr = std::unique_ptr<SSL, OpensslFree<SSL_free>>;

class TlsContextTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "odk_tls_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }

  TlsCertificate certificate_for(const std::string& name, const DevCertificateRequest& request) {
    const DevCertificate made = authority_.issue(request).value();
    TlsCertificate certificate;
    certificate.chain.file = write(name + ".crt", made.certificate_pem);
    certificate.key.file = write(name + ".key", made.key_pem);
    return certificate;
  }
  TlsCertificate certificate_named(const std::string& host) {
    DevCertificateRequest request;
    request.subject = {{"CN", host}};
    request.dns_names = {host};
    return certificate_for(host, request);
  }
  TlsClientOptions trusting_client() const {
    TlsClientOptions options;
    options.ca.text = authority_.certificate_pem();
    return options;
  }
  static std::string server_failure(const TlsCertificate& certificate) {
    TlsServerOptions options;
    options.certificates = {certificate};
    const Result<TlsContext> context = make_tls_server_context(options);
    return context ? "no failure" : std::string(context.error().message());
  }

  DevAuthority authority_ = DevAuthority::create().value();
  std::string folder_;
};

struct Handshake {
  bool ok = false;
  std::string server_common_name;
  std::string client_principal;
};

std::string common_name_of(const X509* certificate) {
  return certificate == nullptr ? "" : subject_name(X509_get_subject_name(certificate));
}

// Both ends over a pair of memory BIOs.
Handshake shake(const TlsContext& server_context, const TlsContext& client_context,
                const std::string& host) {
  const SslPtr server(SSL_new(server_context.get()));
  const SslPtr client(SSL_new(client_context.get()));
  BIO* server_end = nullptr;
  BIO* client_end = nullptr;
  BIO_new_bio_pair(&server_end, 0, &client_end, 0);
  SSL_set_bio(server.get(), server_end, server_end);
  SSL_set_bio(client.get(), client_end, client_end);
  SSL_set_accept_state(server.get());
  SSL_set_connect_state(client.get());
  if (!host.empty()) {
    SSL_set_tlsext_host_name(client.get(), host.c_str());
    SSL_set1_host(client.get(), host.c_str());
  }
  Handshake result;
  for (int round = 0; round < 10; ++round) {
    const int client_done = SSL_do_handshake(client.get());
    const int server_done = SSL_do_handshake(server.get());
    result.ok = client_done == 1 && server_done == 1;
    if (result.ok) break;
  }
  ERR_clear_error();
  const X509Ptr server_certificate(SSL_get1_peer_certificate(client.get()));
  result.server_common_name = common_name_of(server_certificate.get());
  result.client_principal = tls_principal(server.get(), PrincipalMapper()).value_or("refused");
  return result;
}

TEST_F(TlsContextTest, ServerAndClientShakeHands) {
  TlsServerOptions options;
  options.certificates = {certificate_named("localhost")};
  const TlsContext server = make_tls_server_context(options).value();
  const TlsContext client = make_tls_client_context(trusting_client()).value();
  const Handshake good = shake(server, client, "localhost");
  EXPECT_TRUE(good.ok);
  EXPECT_EQ(good.server_common_name, "CN=localhost");
  EXPECT_EQ(good.client_principal, "User:ANONYMOUS");
  EXPECT_FALSE(shake(server, client, "other.example").ok) << "the name must fit";

  TlsClientOptions distrusting;
  distrusting.ca.text = DevAuthority::create("another CA").value().certificate_pem();
  EXPECT_FALSE(shake(server, make_tls_client_context(distrusting).value(), "localhost").ok);
  TlsClientOptions careless;
  careless.insecure_skip_verify = true;
  EXPECT_TRUE(shake(server, make_tls_client_context(careless).value(), "").ok);
}

TEST_F(TlsContextTest, OldProtocolsAreRefused) {
  TlsServerOptions options;
  options.certificates = {certificate_named("localhost")};
  const TlsContext server = make_tls_server_context(options).value();
  const TlsContext client = make_tls_client_context(trusting_client()).value();
  SSL_CTX_set_min_proto_version(client.get(), TLS1_1_VERSION);
  SSL_CTX_set_max_proto_version(client.get(), TLS1_1_VERSION);
  EXPECT_FALSE(shake(server, client, "localhost").ok);
}

TEST_F(TlsContextTest, ServerNameChoosesTheCertificate) {
  TlsServerOptions options;
  options.certificates = {certificate_named("default.example"), certificate_named("one.example"),
                          certificate_named("two.example")};
  options.certificates[2].server_names = {"*.two.example"};
  const TlsContext server = make_tls_server_context(options).value();
  TlsClientOptions careless;
  careless.insecure_skip_verify = true;
  const TlsContext client = make_tls_client_context(careless).value();
  EXPECT_EQ(shake(server, client, "one.example").server_common_name, "CN=one.example");
  EXPECT_EQ(shake(server, client, "B0.two.example").server_common_name, "CN=two.example");
  EXPECT_EQ(shake(server, client, "a.b.two.example").server_common_name, "CN=default.example");
  EXPECT_EQ(shake(server, client, "").server_common_name, "CN=default.example");
}

TEST_F(TlsContextTest, ClientCertificatesNameThePrincipal) {
  TlsServerOptions options;
  options.certificates = {certificate_named("localhost")};
  options.client_certificates = ClientCertificates::kRequired;
  EXPECT_THAT(std::string(make_tls_server_context(options).error().message()),
              HasSubstr("no CA certificate is given"));
  options.client_ca.text = authority_.certificate_pem();
  const TlsContext required = make_tls_server_context(options).value();
  options.client_certificates = ClientCertificates::kRequested;
  const TlsContext requested = make_tls_server_context(options).value();

  DevCertificateRequest request;
  request.subject = {{"C", "DE"}, {"O", "Example, Inc."}, {"OU", "Ops"}, {"CN", "alice"}};
  TlsClientOptions with_certificate = trusting_client();
  with_certificate.certificates = {certificate_for("alice", request)};
  const TlsContext alice = make_tls_client_context(with_certificate).value();
  const TlsContext nobody = make_tls_client_context(trusting_client()).value();

  const Handshake known = shake(required, alice, "localhost");
  EXPECT_TRUE(known.ok);
  EXPECT_EQ(known.client_principal, R"(User:CN=alice,OU=Ops,O=Example\, Inc.,C=DE)");
  EXPECT_FALSE(shake(required, nobody, "localhost").ok);
  EXPECT_TRUE(shake(requested, nobody, "localhost").ok);
  EXPECT_EQ(shake(requested, alice, "localhost").client_principal, known.client_principal);
}

TEST_F(TlsContextTest, FailuresNameFileAndFault) {
  const TlsCertificate good = certificate_named("localhost");
  TlsCertificate bad = good;
  bad.chain.file = folder_ + "/missing.crt";
  EXPECT_EQ(server_failure(bad),
            "cannot read certificate file " + bad.chain.file + ": No such file or directory");
  bad.chain.file = write("text.crt", "hello");
  EXPECT_EQ(server_failure(bad),
            "certificate file " + bad.chain.file + " is not PEM: it has no BEGIN CERTIFICATE line");
  bad = good;
  bad.key.file = certificate_named("other").key.file;
  EXPECT_EQ(server_failure(bad), "private key file " + bad.key.file +
                                     " does not match certificate file " + good.chain.file);
  bad.key.file = good.chain.file;
  EXPECT_THAT(server_failure(bad), HasSubstr("it has no BEGIN PRIVATE KEY line"));
  bad = TlsCertificate{};
  EXPECT_EQ(server_failure(bad), "no certificate is given");

  DevCertificateRequest request;
  request.valid_from = std::chrono::hours(-48);
  request.valid_until = std::chrono::hours(-24);
  EXPECT_THAT(server_failure(certificate_for("old", request)), HasSubstr("old.crt expired on 20"));
  request.valid_from = std::chrono::hours(24);
  request.valid_until = std::chrono::hours(48);
  EXPECT_THAT(server_failure(certificate_for("new", request)), HasSubstr("is valid only from 20"));
}

TEST_F(TlsContextTest, UnreadableKeyIsReported) {
  if (::geteuid() == 0) {
    // Root reads everything: a folder is what it cannot read as a file.
    TlsCertificate certificate = certificate_named("localhost");
    certificate.key.file = folder_;
    EXPECT_EQ(server_failure(certificate),
              "cannot read private key file " + folder_ + ": Is a directory");
    return;
  }
  const TlsCertificate certificate = certificate_named("localhost");
  ASSERT_EQ(::chmod(certificate.key.file.c_str(), 0), 0);
  EXPECT_THAT(server_failure(certificate), HasSubstr("Permission denied"));
}

TEST_F(TlsContextTest, EncryptedKeysNeedTheirPassword) {
  DevCertificateRequest request;
  request.key_password = Secret("opensesame");
  TlsCertificate certificate = certificate_for("locked", request);
  EXPECT_THAT(server_failure(certificate), HasSubstr("is encrypted and no password is given"));
  certificate.key_password = Secret("wrong");
  EXPECT_THAT(server_failure(certificate), HasSubstr("does not open with the given password"));
  certificate.key_password = Secret("opensesame");
  EXPECT_EQ(server_failure(certificate), "no failure");
}

TEST_F(TlsContextTest, ReloadTakesNewFilesAndKeepsOldOnesOnFailure) {
  TlsServerOptions options;
  options.certificates = {certificate_named("localhost")};
  const auto holder =
      TlsContextHolder::create([&] { return make_tls_server_context(options); }).value();
  const TlsContext first = holder->get();
  ASSERT_TRUE(holder->reload());
  const TlsContext second = holder->get();
  EXPECT_NE(first, second);
  write("localhost.crt", "broken");
  EXPECT_THAT(std::string(holder->reload().error().message()), HasSubstr("is not PEM"));
  EXPECT_EQ(holder->get(), second);
}

TEST_F(TlsContextTest, OneFileMayHoldChainAndKey) {
  const DevCertificate made = authority_.issue({}).value();
  TlsCertificate certificate;
  certificate.chain.file =
      write("all.pem", made.key_pem + made.certificate_pem + authority_.certificate_pem());
  EXPECT_EQ(server_failure(certificate), "no failure");
}

TEST(SubjectName, IsSpeltAsInJava) {
  const DevAuthority authority = DevAuthority::create().value();
  DevCertificateRequest request;
  request.subject = {
      {"emailAddress", "a@b"}, {"DC", "example"}, {"O", " a#b=c;\"d\" "}, {"CN", "jürgen"}};
  PemSource pem;
  pem.text = authority.issue(request).value().certificate_pem;
  const auto certificates = read_certificates("certificate", pem).value();
  EXPECT_EQ(common_name_of(certificates[0].get()),
            R"(CN=jürgen,O=\ a\#b\=c\;\"d\"\ ,DC=example,1.2.840.113549.1.9.1=#1603614062)");
}

TEST(PrincipalMapper, FollowsKafkasRules) {
  // The examples of Kafka's documentation.
  const PrincipalMapper mapper =
      PrincipalMapper::parse(
          "RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/, "
          "RULE:^CN=(.*?),OU=(.*?),O=(.*?),L=(.*?),ST=(.*?),C=(.*?)$/$1@$2/L,"
          "RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/U,DEFAULT")
          .value();
  EXPECT_EQ(mapper.map("CN=serviceuser,OU=ServiceUsers,O=Unknown,C=Unknown").value(),
            "serviceuser");
  EXPECT_EQ(mapper.map("CN=adminUser,OU=Admin,O=Unknown,L=Unknown,ST=Unknown,C=Unknown").value(),
            "adminuser@admin");
  EXPECT_EQ(mapper.map("OU=x,CN=bob").value(), "BOB");
  EXPECT_EQ(mapper.map("O=nobody").value(), "O=nobody");
  EXPECT_EQ(PrincipalMapper().map("CN=a").value(), "CN=a");
}

TEST(PrincipalMapper, QuotesAndUnknownGroupsStayText) {
  const PrincipalMapper mapper =
      PrincipalMapper::parse(R"(RULE:CN=(\w+)\/x/a\/$1$2\$1$12/)").value();
  EXPECT_EQ(mapper.map("CN=bob/x").value(), "a/bob$2$1bob2");
  EXPECT_EQ(mapper.map("CN=bob").error().code(), Errc::kAuthentication);
  EXPECT_FALSE(mapper.map(std::string(5000, 'x')));
}

TEST(PrincipalMapper, RefusesBrokenRules) {
  for (const std::string_view rules :
       {"RULE", "RULE:a", "RULE:a/b", "RULE:a/b/X", "DEFAULT DEFAULT", "RULE:(/b/", "something"}) {
    const Result<PrincipalMapper> mapper = PrincipalMapper::parse(rules);
    ASSERT_FALSE(mapper) << rules;
    EXPECT_EQ(mapper.error().code(), Errc::kInvalidArgument);
  }
  EXPECT_TRUE(PrincipalMapper::parse(""));
}

}  // namespace
}  // namespace odradek::auth
