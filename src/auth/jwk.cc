#include "auth/jwk.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <nlohmann/json.hpp>

#include "auth/base64.h"
#include "base/read_file.h"

namespace odradek::auth {
namespace {

using Json = nlohmann::json;
using BignumPtr = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;
using BuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, OpensslFree<OSSL_PARAM_BLD_free>>;
using ParametersPtr = std::unique_ptr<OSSL_PARAM, OpensslFree<OSSL_PARAM_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;
using EcdsaPtr = std::unique_ptr<ECDSA_SIG, OpensslFree<ECDSA_SIG_free>>;
using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;

constexpr int kMinRsaBits = 2048;  // RFC 7518 §3.3
constexpr size_t kMaxKeyPartBytes = 2048;
constexpr size_t kMaxSignatureBytes = 2048;

struct AlgorithmFacts {
  JwtAlgorithm algorithm;
  std::string_view name;
  const EVP_MD* (*hash)();
  int key_type;
  bool is_pss;
  int ec_bits;  // 0 for RSA
};

constexpr std::array kAlgorithms{
    AlgorithmFacts{JwtAlgorithm::kRs256, "RS256", EVP_sha256, EVP_PKEY_RSA, false, 0},
    AlgorithmFacts{JwtAlgorithm::kRs384, "RS384", EVP_sha384, EVP_PKEY_RSA, false, 0},
    AlgorithmFacts{JwtAlgorithm::kRs512, "RS512", EVP_sha512, EVP_PKEY_RSA, false, 0},
    AlgorithmFacts{JwtAlgorithm::kPs256, "PS256", EVP_sha256, EVP_PKEY_RSA, true, 0},
    AlgorithmFacts{JwtAlgorithm::kPs384, "PS384", EVP_sha384, EVP_PKEY_RSA, true, 0},
    AlgorithmFacts{JwtAlgorithm::kPs512, "PS512", EVP_sha512, EVP_PKEY_RSA, true, 0},
    AlgorithmFacts{JwtAlgorithm::kEs256, "ES256", EVP_sha256, EVP_PKEY_EC, false, 256},
    AlgorithmFacts{JwtAlgorithm::kEs384, "ES384", EVP_sha384, EVP_PKEY_EC, false, 384},
};

const AlgorithmFacts& facts_of(JwtAlgorithm algorithm) {
  return kAlgorithms[static_cast<size_t>(algorithm)];
}

std::string text_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

Result<std::vector<uint8_t>> bytes_member(const Json& object, const char* name) {
  const std::string text = text_member(object, name);
  ODK_TRY(std::vector<uint8_t> bytes, decode_base64url(text));
  if (bytes.empty() || bytes.size() > kMaxKeyPartBytes) {
    return Error(Errc::kMalformed, fmt::format("key part {} is missing or too long", name));
  }
  return bytes;
}

BignumPtr to_bignum(Bytes bytes) {
  return BignumPtr(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

Result<EvpKeyPtr> build_key(const char* type, OSSL_PARAM_BLD* builder) {
  const ParametersPtr parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return Error(Errc::kMalformed, openssl_reason("not a valid key"));
  }
  return EvpKeyPtr(key);
}

Result<EvpKeyPtr> rsa_key(const Json& jwk) {
  ODK_TRY(const std::vector<uint8_t> modulus, bytes_member(jwk, "n"));
  ODK_TRY(const std::vector<uint8_t> exponent, bytes_member(jwk, "e"));
  const BignumPtr n = to_bignum(modulus);
  const BignumPtr e = to_bignum(exponent);
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return build_key("RSA", builder.get());
}

Result<EvpKeyPtr> ec_key(const Json& jwk) {
  const std::string curve = text_member(jwk, "crv");
  if (curve != "P-256" && curve != "P-384") {
    return Error(Errc::kUnsupported, "a curve other than P-256 and P-384");
  }
  ODK_TRY(const std::vector<uint8_t> x, bytes_member(jwk, "x"));
  ODK_TRY(const std::vector<uint8_t> y, bytes_member(jwk, "y"));
  const size_t side_bytes = curve == "P-256" ? 32 : 48;
  if (x.size() != side_bytes || y.size() != side_bytes) {
    return Error(Errc::kMalformed, "a point of the wrong length");
  }
  std::vector<uint8_t> point{0x04};  // uncompressed
  point.insert(point.end(), x.begin(), x.end());
  point.insert(point.end(), y.begin(), y.end());
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(), 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return build_key("EC", builder.get());
}

// Keys we cannot or must not use are left out: an identity provider publishes them beside ours.
bool is_usable(EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  if (type == EVP_PKEY_RSA) return EVP_PKEY_get_bits(key) >= kMinRsaBits;
  if (type == EVP_PKEY_EC) return EVP_PKEY_get_bits(key) == 256 || EVP_PKEY_get_bits(key) == 384;
  return false;
}

// The two numbers side by side (RFC 7518 §3.4) as the DER that OpenSSL checks.
Result<std::vector<uint8_t>> ecdsa_to_der(Bytes signature, size_t side_bytes) {
  if (signature.size() != 2 * side_bytes) {
    return Error(Errc::kAuthentication, "signature of the wrong length");
  }
  const EcdsaPtr pair(ECDSA_SIG_new());
  BignumPtr r = to_bignum(signature.first(side_bytes));
  BignumPtr s = to_bignum(signature.last(side_bytes));
  ECDSA_SIG_set0(pair.get(), r.release(), s.release());
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &der);
  if (length <= 0) return Error(Errc::kAuthentication, "signature is not valid");
  std::vector<uint8_t> bytes(der, der + length);
  OPENSSL_free(der);
  return bytes;
}

Result<bool> fits_key(const AlgorithmFacts& facts, EVP_PKEY* key, Bytes signed_text,
                      Bytes signature) {
  std::vector<uint8_t> der;
  if (facts.ec_bits != 0) {
    ODK_TRY(der, ecdsa_to_der(signature, static_cast<size_t>(facts.ec_bits) / 8));
    signature = der;
  }
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  bool ready = EVP_DigestVerifyInit(context.get(), &key_context, facts.hash(), nullptr, key) == 1;
  if (ready && facts.is_pss) {
    ready = EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  const bool fits = ready && EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                              signed_text.data(), signed_text.size()) == 1;
  if (!fits) openssl_reason("");  // empties the error queue
  return fits;
}

Result<JwtKey> key_from_jwk(const Json& jwk) {
  if (!jwk.is_object()) return Error(Errc::kMalformed, "a key is not an object");
  const std::string type = text_member(jwk, "kty");
  const std::string use = text_member(jwk, "use");
  if ((type != "RSA" && type != "EC") || (!use.empty() && use != "sig")) {
    return Error(Errc::kUnsupported, "not a public signing key");
  }
  JwtKey key;
  key.id = text_member(jwk, "kid");
  key.algorithm = text_member(jwk, "alg");
  ODK_TRY(key.key, type == "RSA" ? rsa_key(jwk) : ec_key(jwk));
  return key;
}

}  // namespace

std::string_view jwt_algorithm_name(JwtAlgorithm algorithm) { return facts_of(algorithm).name; }

Result<JwtAlgorithm> jwt_algorithm_of(std::string_view name) {
  for (const AlgorithmFacts& facts : kAlgorithms) {
    if (facts.name == name) return facts.algorithm;
  }
  return Error(Errc::kUnsupported, "token signature algorithm is not supported");
}

Result<JwtKeySet> JwtKeySet::from_jwks(std::string_view json) {
  if (json.size() > kMaxBytes) return Error(Errc::kMalformed, "too long for a JWKS document");
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const auto list = document.is_object() ? document.find("keys") : document.end();
  if (!document.is_object() || list == document.end() || !list->is_array()) {
    return Error(Errc::kMalformed, "not a JWKS document: no array \"keys\"");
  }
  JwtKeySet set;
  std::string skipped = "it is empty";
  for (const Json& jwk : *list) {
    Result<JwtKey> key = key_from_jwk(jwk);
    if (!key) {
      skipped = key.error().message();
    } else if (!is_usable(key->key.get())) {
      skipped = "too short a key";
    } else if (set.keys_.size() < kMaxKeys) {
      set.keys_.push_back(*std::move(key));
    }
  }
  if (set.keys_.empty()) {
    return Error(Errc::kMalformed, fmt::format("no usable key in the JWKS document: {}", skipped));
  }
  return set;
}

Result<JwtKeySet> JwtKeySet::from_pem(std::string_view pem) {
  JwtKeySet set;
  if (pem.size() > kMaxBytes) return Error(Errc::kMalformed, "too long for a key file");
  const BioPtr input(BIO_new_mem_buf(pem.empty() ? "" : pem.data(), static_cast<int>(pem.size())));
  while (set.keys_.size() < kMaxKeys) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long length = 0;
    if (PEM_read_bio(input.get(), &name, &header, &data, &length) != 1) break;
    const unsigned char* at = data;
    JwtKey key;
    if (std::string_view(name) == PEM_STRING_PUBLIC) {
      key.key.reset(d2i_PUBKEY(nullptr, &at, length));
    } else if (std::string_view(name) == PEM_STRING_X509) {
      const X509Ptr certificate(d2i_X509(nullptr, &at, length));
      if (certificate != nullptr) key.key.reset(X509_get_pubkey(certificate.get()));
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    if (key.key != nullptr && is_usable(key.key.get())) set.keys_.push_back(std::move(key));
  }
  openssl_reason("");  // the end of the file is an error in OpenSSL's queue
  if (set.keys_.empty()) {
    return Error(Errc::kMalformed, "no RSA (2048 bits and more) or EC public key in PEM");
  }
  return set;
}

Result<JwtKeySet> JwtKeySet::from_file(const std::string& path) {
  Result<std::string> text = read_file(path, kMaxBytes);
  if (!text) {
    return Error(Errc::kIo,
                 fmt::format("cannot read key file {}: {}", path, text.error().message()));
  }
  const size_t first = text->find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string::npos && (*text)[first] == '{';
  Result<JwtKeySet> set = is_json ? from_jwks(*text) : from_pem(*text);
  if (!set) return set.error().with_context(fmt::format("key file {}", path));
  return set;
}

Result<void> JwtKeySet::verify(JwtAlgorithm algorithm, std::string_view key_id, Bytes signed_text,
                               Bytes signature) const {
  const AlgorithmFacts& facts = facts_of(algorithm);
  if (signature.empty() || signature.size() > kMaxSignatureBytes) {
    return Error(Errc::kAuthentication, "signature of the wrong length");
  }
  bool has_key = false;
  for (const JwtKey& key : keys_) {
    EVP_PKEY* const pkey = key.key.get();
    // A key without an id (PEM) may have signed a token that names one.
    if (!key_id.empty() && !key.id.empty() && key.id != key_id) continue;
    if (!key.algorithm.empty() && key.algorithm != facts.name) continue;
    if (EVP_PKEY_get_base_id(pkey) != facts.key_type) continue;
    if (facts.ec_bits != 0 && EVP_PKEY_get_bits(pkey) != facts.ec_bits) continue;
    has_key = true;
    ODK_TRY(const bool fits, fits_key(facts, pkey, signed_text, signature));
    if (fits) return {};
  }
  if (!has_key) return Error(Errc::kNotFound, "no key for the token's key id and algorithm");
  return Error(Errc::kAuthentication, "token signature does not match");
}

}  // namespace odradek::auth
