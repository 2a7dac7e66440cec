#include "auth/scram.h"

#include <gtest/gtest.h>

#include "auth/base64.h"
#include "auth/scram_message.h"

namespace odradek::auth {
namespace {

constexpr TimestampMs kNow = 1'700'000'000'000;
constexpr std::string_view kClientNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr std::string_view kSalt = "W22ZaJ0SNY7soEsUEjb6gQ==";

// The exchange of RFC 7677 §3; for SHA-512 the same input through Python's hashlib.
struct Golden {
  Hash hash;
  std::string proof;
  std::string signature;
};
const Golden kSha256{Hash::kSha256, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                     "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="};
const Golden kSha512{
    Hash::kSha512,
    "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
    "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw=="};

ScramCredential credential_of(Hash hash, std::string_view password) {
  const std::vector<uint8_t> salt = decode_base64(kSalt).value();
  const ScramKeys keys = derive_scram_keys(hash, password, salt, 4096);
  return {std::string(as_text(salt)), keys.stored_key, keys.server_key, 4096};
}

std::shared_ptr<const CredentialStore> store_with_user() {
  auto store = std::make_shared<MemoryCredentialStore>();
  for (const Hash hash : {Hash::kSha256, Hash::kSha512}) {
    EXPECT_TRUE(store->set_scram("user", hash, credential_of(hash, "pencil")));
  }
  return store;
}

ScramClient client_for(Hash hash, std::string user, std::string_view password) {
  ScramClientOptions options;
  options.hash = hash;
  options.username = std::move(user);
  options.password = Secret(password);
  options.nonce = kClientNonce;
  return ScramClient(std::move(options));
}

ScramServer server_for(Hash hash) {
  return ScramServer({hash, store_with_user(), std::string(kServerNonce)});
}

class ScramGolden : public testing::TestWithParam<Golden> {};

TEST_P(ScramGolden, ExchangeHasTheBytesOfTheRfc) {
  const Golden& golden = GetParam();
  ScramClient client = client_for(golden.hash, "user", "pencil");
  ScramServer server = server_for(golden.hash);

  const std::string client_first = client.first().value();
  EXPECT_EQ(client_first, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const SaslStep first = server.on_message(as_bytes(client_first), kNow).value();
  EXPECT_EQ(first.answer, fmt::format("r={}{},s={},i=4096", kClientNonce, kServerNonce, kSalt));
  EXPECT_FALSE(first.done);
  const std::string client_final = client.next(as_bytes(first.answer)).value();
  EXPECT_EQ(client_final,
            fmt::format("c=biws,r={}{},p={}", kClientNonce, kServerNonce, golden.proof));
  const SaslStep last = server.on_message(as_bytes(client_final), kNow).value();
  EXPECT_EQ(last.answer, "v=" + golden.signature);
  EXPECT_TRUE(last.done);
  EXPECT_EQ(last.principal, "User:user");
  EXPECT_EQ(last.session_lifetime_ms, 0);
  EXPECT_FALSE(client.done());
  EXPECT_EQ(client.next(as_bytes(last.answer)).value(), "");
  EXPECT_TRUE(client.done());
}

INSTANTIATE_TEST_SUITE_P(BothHashes, ScramGolden, testing::Values(kSha256, kSha512));

// The messages of RFC 5802 §5 (its hash is SHA-1, which nobody offers any more).
TEST(ScramMessage, ReadsTheExampleOfRfc5802) {
  const auto first = parse_scram_client_first("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL").value();
  EXPECT_EQ(first.username, "user");
  EXPECT_EQ(first.bare, "n=user,r=fyko+d2lbbFgONRv9qkxdawL");
  const auto answer = parse_scram_server_first(
                          "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096")
                          .value();
  EXPECT_EQ(answer.iterations, 4096);
  EXPECT_EQ(answer.salt.size(), 12U);
  const auto final_message =
      parse_scram_client_final(
          "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")
          .value();
  EXPECT_EQ(final_message.proof.size(), 20U);
  EXPECT_EQ(final_message.channel_binding, "biws");
  EXPECT_EQ(parse_scram_server_final("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=").value().signature.size(),
            20U);
  EXPECT_EQ(parse_scram_server_final("e=unknown-user").value().error, "unknown-user");
}

TEST(ScramMessage, SkipsExtensionsButNotMandatoryOnes) {
  EXPECT_TRUE(parse_scram_client_first("n,,n=user,r=abc,tokenauth=true"));
  EXPECT_FALSE(parse_scram_client_first("n,,m=must,n=user,r=abc"));
  EXPECT_FALSE(parse_scram_client_first("n,,n=user,r=abc,m=must"));
  EXPECT_FALSE(parse_scram_client_first("p=tls-unique,,n=user,r=abc"));
  EXPECT_TRUE(parse_scram_client_first("y,,n=user,r=abc"));
}

TEST(ScramMessage, NamesKeepCommasAndEqualSigns) {
  const std::string name = "a,b=c=2Cd";
  EXPECT_EQ(escape_sasl_name(name), "a=2Cb=3Dc=3D2Cd");
  EXPECT_EQ(unescape_sasl_name(escape_sasl_name(name)).value(), name);
  EXPECT_FALSE(unescape_sasl_name("a=b"));
}

TEST(ScramMessage, RefusesWhatIsBroken) {
  for (const std::string_view text :
       {"", "n", "n,", "n,,", "n,,n=,r=a", "n,,n=u", "n,,n=u,r=", "n,,r=a,n=u", "x,,n=u,r=a",
        "n,b=c,n=u,r=a", "n,,n=u,r=a\x7f", "n,,n=u,r=a,", "n,,n=u,r=a,=b"}) {
    EXPECT_FALSE(parse_scram_client_first(text)) << text;
  }
  for (const std::string_view text :
       {"", "r=a", "r=a,s=QSXC", "r=a,s=,i=4096", "r=a,s=QSXC,i=", "r=a,s=QSXC,i=-1",
        "r=a,s=QSXC,i=0", "r=a,s=QSXC,i=99999999999", "r=a,s=QSX,i=4096", "r=a,s=QSXC,i=4096x"}) {
    EXPECT_FALSE(parse_scram_server_first(text)) << text;
  }
  EXPECT_FALSE(parse_scram_client_first(std::string(kMaxSaslMessageBytes + 1, 'n')));
}

TEST(ScramServer, WrongPasswordAndUnknownUserFailAlike) {
  const auto attempt = [](std::string user, std::string_view password) {
    ScramClient client = client_for(Hash::kSha256, std::move(user), password);
    ScramServer server = server_for(Hash::kSha256);
    const std::string client_first = client.first().value();
    const SaslStep first = server.on_message(as_bytes(client_first), kNow).value();
    const std::string client_final = client.next(as_bytes(first.answer)).value();
    return server.on_message(as_bytes(client_final), kNow).error();
  };
  const Error wrong_password = attempt("user", "pen");
  const Error unknown_user = attempt("nobody", "pencil");
  EXPECT_EQ(wrong_password.code(), Errc::kAuthentication);
  EXPECT_EQ(wrong_password.to_string(), unknown_user.to_string());
}

TEST(ScramServer, AnUnknownUserSeesTheSameSaltAgain) {
  const auto store = store_with_user();
  const auto salt_of = [&](const std::string& user) {
    ScramServer server({Hash::kSha256, store, "server"});
    const std::string first = fmt::format("n,,n={},r=abc", user);
    return server.on_message(as_bytes(first), kNow).value().answer;
  };
  EXPECT_EQ(salt_of("nobody"), salt_of("nobody"));
  EXPECT_NE(salt_of("nobody"), salt_of("somebody"));
}

TEST(ScramServer, RefusesAnotherNonceOrBinding) {
  for (const std::string_view tampered :
       {"c=biws,r=other,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=AAAA"}) {
    ScramClient client = client_for(Hash::kSha256, "user", "pencil");
    ScramServer server = server_for(Hash::kSha256);
    const std::string client_first = client.first().value();
    ASSERT_TRUE(server.on_message(as_bytes(client_first), kNow));
    EXPECT_FALSE(server.on_message(as_bytes(tampered), kNow)) << tampered;
    EXPECT_FALSE(server.on_message(as_bytes(tampered), kNow)) << "over after an error";
  }
}

TEST(ScramServer, ActsForTheUserItselfOnly) {
  ScramServer same = server_for(Hash::kSha256);
  EXPECT_TRUE(same.on_message(as_bytes("n,a=user,n=user,r=abc"), kNow));
  ScramServer other = server_for(Hash::kSha256);
  EXPECT_EQ(other.on_message(as_bytes("n,a=admin,n=user,r=abc"), kNow).error().code(),
            Errc::kAuthentication);
}

TEST(ScramClient, ChecksTheServersSignature) {
  ScramClient client = client_for(Hash::kSha256, "user", "pencil");
  ASSERT_TRUE(client.first());
  const std::string answer = fmt::format("r={}{},s={},i=4096", kClientNonce, kServerNonce, kSalt);
  ASSERT_TRUE(client.next(as_bytes(answer)));
  std::string tampered = "v=" + kSha256.signature;
  tampered[5] = tampered[5] == 'A' ? 'B' : 'A';
  EXPECT_EQ(client.next(as_bytes(tampered)).error().code(), Errc::kAuthentication);
  EXPECT_FALSE(client.done());
  const std::string honest = "v=" + kSha256.signature;
  EXPECT_FALSE(client.next(as_bytes(honest))) << "failed once is failed";
}

TEST(ScramClient, RefusesHostileServers) {
  const auto after_first = [](const std::string& answer) {
    ScramClient client = client_for(Hash::kSha256, "user", "pencil");
    EXPECT_TRUE(client.first());
    return client.next(as_bytes(answer)).error().code();
  };
  const std::string nonce = fmt::format("{}{}", kClientNonce, kServerNonce);
  EXPECT_EQ(after_first(fmt::format("r={},s={},i=2000000000", nonce, kSalt)), Errc::kUnsupported);
  EXPECT_EQ(after_first(fmt::format("r={},s={},i=1", nonce, kSalt)), Errc::kUnsupported);
  EXPECT_EQ(after_first(fmt::format("r=other,s={},i=4096", kSalt)), Errc::kAuthentication);
  EXPECT_EQ(after_first(fmt::format("r={},s={},i=4096", kClientNonce, kSalt)),
            Errc::kAuthentication);
  EXPECT_EQ(after_first("garbage"), Errc::kMalformed);
}

TEST(ScramCredential, FormattedTextReadsBack) {
  const ScramCredential credential = make_scram_credential(Hash::kSha512, "secret", 8192);
  const std::string text = format_scram_credential(Hash::kSha512, credential);
  EXPECT_TRUE(looks_like_scram_credential(text));
  const ParsedScramCredential parsed = parse_scram_credential(text).value();
  EXPECT_EQ(parsed.hash, Hash::kSha512);
  EXPECT_EQ(parsed.credential.iterations, 8192);
  EXPECT_EQ(parsed.credential.salt, credential.salt);
  EXPECT_TRUE(
      constant_time_equal(parsed.credential.stored_key.bytes(), credential.stored_key.bytes()));
  EXPECT_EQ(parse_scram_credential("SCRAM-SHA-256$100:AAAA$AAAA:AAAA").error().code(),
            Errc::kUnsupported);
  EXPECT_FALSE(parse_scram_credential("SCRAM-SHA-256$4096:AAAA$AAAA:AAAA"));
  EXPECT_FALSE(parse_scram_credential("SCRAM-SHA-1$4096:AAAA$AAAA:AAAA"));
}

}  // namespace
}  // namespace odradek::auth
