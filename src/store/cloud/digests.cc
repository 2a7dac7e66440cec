#include "store/cloud/digests.h"

#include <openssl/evp.h>

#include <array>

#include "auth/base64.h"
#include "auth/crypto.h"

namespace odradek::store::cloud {

std::string sha256(Bytes bytes) {
  return std::string(as_text(auth::hash_of(auth::Hash::kSha256, bytes).bytes()));
}

std::string md5(Bytes bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const int ok = EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr);
  if (ok != 1) return {};
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string base64(std::string_view bytes) { return auth::encode_base64(as_bytes(bytes)); }

std::string base64_crc32c(uint32_t crc) {
  const std::array<uint8_t, 4> bytes = {static_cast<uint8_t>(crc >> 24U),
                                        static_cast<uint8_t>(crc >> 16U),
                                        static_cast<uint8_t>(crc >> 8U), static_cast<uint8_t>(crc)};
  return auth::encode_base64(bytes);
}

}  // namespace odradek::store::cloud
