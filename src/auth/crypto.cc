#include "auth/crypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>

#include <cstring>

#include "base/assert.h"
#include "base/random.h"

namespace odradek::auth {

size_t digest_bytes(Hash hash) { return hash == Hash::kSha256 ? 32 : 64; }

const EVP_MD* evp_hash(Hash hash) { return hash == Hash::kSha256 ? EVP_sha256() : EVP_sha512(); }

Digest Digest::of(Bytes bytes) {
  Digest digest;
  if (bytes.empty() || bytes.size() > digest.bytes_.size()) return digest;
  digest.size_ = bytes.size();
  std::memcpy(digest.bytes_.data(), bytes.data(), bytes.size());
  return digest;
}

Digest::~Digest() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

Digest operator^(const Digest& left, const Digest& right) {
  ODK_ASSERT(left.size_ == right.size_);
  Digest result(left.size_);
  for (size_t i = 0; i < left.size_; ++i) {
    result.bytes_[i] = static_cast<uint8_t>(left.bytes_[i] ^ right.bytes_[i]);
  }
  return result;
}

// The calls below fail only when OpenSSL itself is broken (no memory, no provider), never because
// of their input: assertions, not errors.

Digest hash_of(Hash hash, Bytes bytes) {
  Digest digest(digest_bytes(hash));
  unsigned written = 0;
  const int ok =
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &written, evp_hash(hash), nullptr);
  ODK_ASSERT(ok == 1 && written == digest.size());
  return digest;
}

Digest hmac(Hash hash, Bytes key, Bytes message) {
  static constexpr uint8_t kNothing = 0;
  Digest digest(digest_bytes(hash));
  unsigned written = 0;
  // A null key would mean "the key of the last call".
  const uint8_t* key_data = key.empty() ? &kNothing : key.data();
  const uint8_t* done = HMAC(evp_hash(hash), key_data, static_cast<int>(key.size()), message.data(),
                             message.size(), digest.data(), &written);
  ODK_ASSERT(done != nullptr && written == digest.size());
  return digest;
}

Digest pbkdf2(Hash hash, std::string_view password, Bytes salt, int32_t iterations) {
  ODK_ASSERT(iterations > 0);
  Digest digest(digest_bytes(hash));
  const int ok =
      PKCS5_PBKDF2_HMAC(password.empty() ? "" : password.data(), static_cast<int>(password.size()),
                        salt.data(), static_cast<int>(salt.size()), iterations, evp_hash(hash),
                        static_cast<int>(digest.size()), digest.data());
  ODK_ASSERT(ok == 1);
  return digest;
}

bool constant_time_equal(Bytes left, Bytes right) {
  if (left.size() != right.size()) return false;
  return left.empty() || CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string random_bytes(size_t count) {
  std::string bytes(count, '\0');
  // Not of OpenSSL, which reads its configuration first: a start without TLS has no need of that.
  fill_random({reinterpret_cast<uint8_t*>(bytes.data()), count});
  return bytes;
}

std::string openssl_reason(std::string_view otherwise) {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? std::string(otherwise) : std::string(reason);
}

}  // namespace odradek::auth
