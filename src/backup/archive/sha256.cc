#include "backup/archive/sha256.h"

#include <openssl/evp.h>

#include "base/assert.h"

namespace odradek::backup {

Sha256 sha256_of(Bytes bytes) {
  Sha256 sum{};
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), sum.data(), nullptr, EVP_sha256(), nullptr);
  ODK_ASSERT(done == 1);
  return sum;
}

}  // namespace odradek::backup
