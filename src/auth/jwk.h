#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/crypto.h"
#include "base/result.h"

namespace odradek::auth {

// How a JSON web token may be signed (RFC 7518 §3.1). Symmetric signatures (HS256) are left out on
// purpose: every broker that can check them could also make tokens.
enum class JwtAlgorithm : uint8_t {
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384
};

struct JwtKey {
  std::string id;         // "kid", maybe empty
  std::string algorithm;  // "alg" of the key, empty: any that fits its type
  EvpKeyPtr key;
};

// The public keys tokens may be signed with. Immutable: load a new set to change keys.
class JwtKeySet {
 public:
  static constexpr size_t kMaxKeys = 64;
  static constexpr size_t kMaxBytes = 1024 * 1024;

  // A JWKS document (RFC 7517). Keys of other types or for encryption are skipped.
  // Errors: kMalformed, also when no key is left.
  static Result<JwtKeySet> from_jwks(std::string_view json);
  // One or more PEM public keys or certificates. Errors: kMalformed.
  static Result<JwtKeySet> from_pem(std::string_view pem);
  // Either of them, by content. Errors: as above and kIo; the message names the file.
  static Result<JwtKeySet> from_file(const std::string& path);

  const std::vector<JwtKey>& keys() const { return keys_; }

  // Checks `signature` over `signed_text` with the key of that id, or with every key when the
  // token names none. Errors: kNotFound (no such key), kAuthentication.
  Result<void> verify(JwtAlgorithm algorithm, std::string_view key_id, Bytes signed_text,
                      Bytes signature) const;

 private:
  std::vector<JwtKey> keys_;
};

std::string_view jwt_algorithm_name(JwtAlgorithm algorithm);
Result<JwtAlgorithm> jwt_algorithm_of(std::string_view name);  // kUnsupported

}  // namespace odradek::auth
