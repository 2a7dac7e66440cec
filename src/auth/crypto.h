#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"

namespace odradek::auth {

enum class Hash : uint8_t { kSha256, kSha512 };

size_t digest_bytes(Hash hash);
const EVP_MD* evp_hash(Hash hash);

// The value of a hash, HMAC or key derivation; wiped when it goes away.
class Digest {
 public:
  Digest() = default;
  explicit Digest(size_t size) : size_(size) {}
  // At most 64 bytes, else the digest stays empty.
  static Digest of(Bytes bytes);
  Digest(const Digest&) = default;
  Digest& operator=(const Digest&) = default;
  ~Digest();

  uint8_t* data() { return bytes_.data(); }
  size_t size() const { return size_; }
  Bytes bytes() const { return {bytes_.data(), size_}; }

  friend Digest operator^(const Digest& left, const Digest& right);

 private:
  std::array<uint8_t, 64> bytes_{};
  size_t size_ = 0;
};

Digest hash_of(Hash hash, Bytes bytes);
Digest hmac(Hash hash, Bytes key, Bytes message);
// PBKDF2 with HMAC, one block long: Hi() of RFC 5802. About 0.3 us an iteration.
Digest pbkdf2(Hash hash, std::string_view password, Bytes salt, int32_t iterations);

// Takes the same time wherever the first difference lies; lengths are not hidden.
bool constant_time_equal(Bytes left, Bytes right);

// Bytes from the operating system's generator, for nonces, salts and keys.
std::string random_bytes(size_t count);

// OpenSSL's first reason for the failure just seen ("bad decrypt"), or `otherwise`. Empties the
// thread's error queue.
std::string openssl_reason(std::string_view otherwise);

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using EvpKeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, OpensslFree<X509_free>>;

}  // namespace odradek::auth
