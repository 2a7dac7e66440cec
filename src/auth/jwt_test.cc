#include "auth/jwt.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "auth/base64.h"

namespace odradek::auth {
namespace {

using testing::HasSubstr;

constexpr TimestampMs kExampleTime = 1'300'819'000'000;  // before the examples' exp

// RFC 7515 appendices A.2 and A.3: the same claims {"iss":"joe","exp":1300819380,...}.
constexpr std::string_view kRsaToken =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    "."
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
    "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
constexpr std::string_view kRsaModulus =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4"
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re"
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX"
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
constexpr std::string_view kEcToken =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    "."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
constexpr std::string_view kEcKey =
    R"({"kty":"EC","crv":"P-256","kid":"ec","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";

std::string rfc_key_set() {
  return fmt::format(R"({{"keys":[{{"kty":"RSA","kid":"rsa","n":"{}","e":"AQAB"}},{},)"
                     R"({{"kty":"oct","k":"c2VjcmV0"}}]}})",
                     kRsaModulus, kEcKey);
}

std::shared_ptr<const JwtKeySet> keys_of(std::string_view jwks) {
  Result<JwtKeySet> keys = JwtKeySet::from_jwks(jwks);
  EXPECT_TRUE(keys) << (keys ? "" : keys.error().to_string());
  return keys ? std::make_shared<const JwtKeySet>(*std::move(keys)) : nullptr;
}

std::shared_ptr<const JwtVerifier> rfc_verifier() {
  JwtOptions options;
  options.keys = keys_of(rfc_key_set());
  options.principal_claim = "iss";
  return JwtVerifier::create(std::move(options)).value();
}

TEST(Jwt, AcceptsTheExamplesOfRfc7515) {
  for (const std::string_view token : {kRsaToken, kEcToken}) {
    const Result<JwtClaims> claims = rfc_verifier()->verify(token, kExampleTime);
    ASSERT_TRUE(claims) << claims.error().to_string();
    EXPECT_EQ(claims->principal, "joe");
    EXPECT_EQ(claims->expires_at_ms, 1'300'819'380'000);
  }
}

TEST(Jwt, RefusesEveryFlippedCharacter) {
  const auto verifier = rfc_verifier();
  for (size_t i = 0; i < kEcToken.size(); ++i) {
    std::string tampered(kEcToken);
    tampered[i] = tampered[i] == 'A' ? 'B' : 'A';
    if (tampered == kEcToken) continue;
    EXPECT_FALSE(verifier->verify(tampered, kExampleTime)) << i;
  }
}

TEST(Jwt, ExpiresAfterTheSkew) {
  const auto verifier = rfc_verifier();
  EXPECT_TRUE(verifier->verify(kEcToken, 1'300'819'380'000 + 29'999));
  const Result<JwtClaims> late = verifier->verify(kEcToken, 1'300'819'380'000 + 30'000);
  EXPECT_EQ(late.error().message(), "token has expired (exp)");
}

// A key made here, and tokens signed with it.
class Signer {
 public:
  Signer() : key_(EVP_EC_gen("P-256")) {}

  std::string token(const std::string& claims,
                    const std::string& header = R"({"alg":"ES256"})") const {
    const std::string text =
        encode_base64url(as_bytes(header)) + "." + encode_base64url(as_bytes(claims));
    return text + "." + encode_base64url(sign(text));
  }

  std::shared_ptr<const JwtKeySet> keys() const {
    const std::unique_ptr<BIO, OpensslFree<BIO_free_all>> output(BIO_new(BIO_s_mem()));
    PEM_write_bio_PUBKEY(output.get(), key_.get());
    char* data = nullptr;
    const long length = BIO_get_mem_data(output.get(), &data);
    const std::string_view pem(data, static_cast<size_t>(length));
    return std::make_shared<const JwtKeySet>(JwtKeySet::from_pem(pem).value());
  }

 private:
  // ECDSA as two numbers side by side.
  std::vector<uint8_t> sign(const std::string& text) const {
    const std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    std::vector<uint8_t> der(128);
    size_t length = der.size();
    const Bytes input = as_bytes(text);
    EXPECT_EQ(EVP_DigestSign(context.get(), der.data(), &length, input.data(), input.size()), 1);
    const uint8_t* at = der.data();
    const std::unique_ptr<ECDSA_SIG, OpensslFree<ECDSA_SIG_free>> pair(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)));
    std::vector<uint8_t> raw(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), raw.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), raw.data() + 32, 32);
    return raw;
  }

  EvpKeyPtr key_;
};

class JwtClaimsCheck : public testing::Test {
 protected:
  Result<JwtClaims> verify(const std::string& claims) {
    options_.keys = signer_.keys();
    return JwtVerifier::create(options_).value()->verify(signer_.token(claims), kNow);
  }
  std::string refusal(const std::string& claims) {
    const Result<JwtClaims> result = verify(claims);
    return result ? "accepted" : std::string(result.error().message());
  }

  static constexpr TimestampMs kNow = 1'700'000'000'000;
  Signer signer_;
  JwtOptions options_;
};

TEST_F(JwtClaimsCheck, TimesAreCheckedWithSkew) {
  EXPECT_TRUE(verify(R"({"sub":"a","exp":1700000100,"nbf":1700000029,"iat":1700000029.5})"));
  EXPECT_THAT(refusal(R"({"sub":"a"})"), HasSubstr("exp"));
  EXPECT_THAT(refusal(R"({"sub":"a","exp":"soon"})"), HasSubstr("exp is not a number"));
  EXPECT_THAT(refusal(R"({"sub":"a","exp":1e300})"), HasSubstr("out of range"));
  EXPECT_THAT(refusal(R"({"sub":"a","exp":1700000100,"nbf":1700000031})"), HasSubstr("nbf"));
  EXPECT_THAT(refusal(R"({"sub":"a","exp":1700000100,"iat":1700000031})"), HasSubstr("iat"));
}

TEST_F(JwtClaimsCheck, IssuerAudienceAndPrincipal) {
  options_.issuer = "https://issuer";
  options_.audiences = {"kafka", "other"};
  EXPECT_TRUE(verify(R"({"sub":"a","exp":1700000100,"iss":"https://issuer","aud":"kafka"})"));
  EXPECT_TRUE(verify(R"({"sub":"a","exp":1700000100,"iss":"https://issuer","aud":["x","other"]})"));
  EXPECT_THAT(refusal(R"({"sub":"a","exp":1700000100,"iss":"https://evil","aud":"kafka"})"),
              HasSubstr("iss"));
  EXPECT_THAT(refusal(R"({"sub":"a","exp":1700000100,"iss":"https://issuer","aud":"kafkaesque"})"),
              HasSubstr("aud"));
  EXPECT_THAT(refusal(R"({"sub":"a","exp":1700000100,"iss":"https://issuer"})"), HasSubstr("aud"));
  EXPECT_THAT(refusal(R"({"sub":7,"exp":1700000100,"iss":"https://issuer","aud":"kafka"})"),
              HasSubstr("principal"));
  options_.principal_claim = "preferred_username";
  EXPECT_EQ(verify(R"({"preferred_username":"al","exp":1700000100,"iss":"https://issuer",)"
                   R"("aud":"kafka"})")
                .value()
                .principal,
            "al");
}

TEST_F(JwtClaimsCheck, ScopesMayBeTextOrList) {
  options_.required_scopes = {"read", "write"};
  EXPECT_TRUE(verify(R"({"sub":"a","exp":1700000100,"scope":"write  read"})"));
  EXPECT_TRUE(verify(R"({"sub":"a","exp":1700000100,"scp":["read","write"]})"));
  EXPECT_EQ(verify(R"({"sub":"a","exp":1700000100,"scope":"read"})").error().code(),
            Errc::kPrecondition);
}

TEST_F(JwtClaimsCheck, UnsignedTokensNeedPermission) {
  options_.keys = signer_.keys();
  const auto strict = JwtVerifier::create(options_).value();
  const std::string claims = encode_base64url(as_bytes(R"({"sub":"a","exp":1700000100})"));
  const std::string token = encode_base64url(as_bytes(R"({"alg":"none"})")) + "." + claims + ".";
  EXPECT_EQ(strict->verify(token, kNow).error().message(), "token is not signed");
  options_.allow_unsecured = true;
  const auto open = JwtVerifier::create(options_).value();
  EXPECT_TRUE(open->verify(token, kNow));
  EXPECT_FALSE(open->verify(token + "AAAA", kNow));
  EXPECT_FALSE(JwtVerifier::create({}));
}

TEST_F(JwtClaimsCheck, RefusesOtherAlgorithmsAndKeys) {
  options_.keys = signer_.keys();
  const auto verifier = JwtVerifier::create(options_).value();
  const std::string claims = R"({"sub":"a","exp":1700000100})";
  EXPECT_EQ(verifier->verify(signer_.token(claims, R"({"alg":"HS256"})"), kNow).error().code(),
            Errc::kUnsupported);
  EXPECT_EQ(verifier->verify(signer_.token(claims, R"({"alg":"RS256"})"), kNow).error().code(),
            Errc::kNotFound);
  EXPECT_EQ(verifier->verify(signer_.token(claims, R"({"alg":"ES256","crit":["b64"]})"), kNow)
                .error()
                .code(),
            Errc::kUnsupported);
  EXPECT_EQ(verifier->verify(Signer().token(claims), kNow).error().code(), Errc::kAuthentication);
  for (const std::string_view broken :
       {"", ".", "..", "a.b", "a.b.c", "....", "e30.e30.", "!.e30.e30"}) {
    EXPECT_FALSE(verifier->verify(broken, kNow)) << broken;
  }
}

TEST(JwtKeySet, KeyIdChoosesTheKey) {
  const auto keys = keys_of(rfc_key_set());
  EXPECT_EQ(keys->keys().size(), 2U);
  const std::string_view text = kEcToken.substr(0, kEcToken.rfind('.'));
  const auto signature = decode_base64url(kEcToken.substr(text.size() + 1)).value();
  EXPECT_TRUE(keys->verify(JwtAlgorithm::kEs256, "ec", as_bytes(text), signature));
  EXPECT_EQ(keys->verify(JwtAlgorithm::kEs256, "rsa", as_bytes(text), signature).error().code(),
            Errc::kNotFound);
}

TEST(JwtKeySet, ErrorsSayWhatIsWrong) {
  EXPECT_THAT(std::string(JwtKeySet::from_jwks("{}").error().message()), HasSubstr("keys"));
  EXPECT_THAT(std::string(JwtKeySet::from_jwks(R"({"keys":[]})").error().message()),
              HasSubstr("empty"));
  EXPECT_THAT(std::string(JwtKeySet::from_jwks(R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]})")
                              .error()
                              .message()),
              HasSubstr("too short"));
  EXPECT_FALSE(JwtKeySet::from_pem("nothing"));
  EXPECT_THAT(std::string(JwtKeySet::from_file("/nonexistent/key").error().message()),
              HasSubstr("/nonexistent/key: No such file"));
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  EXPECT_EQ(encode_base64(as_bytes("ab")), "YWI=");
  EXPECT_EQ(as_text(decode_base64("YWI=").value()), "ab");
  EXPECT_FALSE(decode_base64("YWI"));
  EXPECT_FALSE(decode_base64("YWJ="));
  EXPECT_FALSE(decode_base64("Y==="));
  EXPECT_FALSE(decode_base64("YW I="));
  EXPECT_FALSE(decode_base64("YQ==YQ=="));
  EXPECT_EQ(encode_base64url(as_bytes("\xfb\xff")), "-_8");
  EXPECT_FALSE(decode_base64url("-_8="));
}

}  // namespace
}  // namespace odradek::auth
