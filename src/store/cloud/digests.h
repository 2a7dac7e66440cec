#pragma once

#include <string>

#include "base/bytes.h"

namespace odradek::store::cloud {

// Digests as bytes in a std::string.
std::string sha256(Bytes bytes);
// For Azure's Content-MD5: against damage, not against attackers. Empty where OpenSSL may not do it
// (FIPS).
std::string md5(Bytes bytes);
std::string base64(std::string_view bytes);
std::string base64_crc32c(uint32_t crc);  // big-endian, as Google writes it

}  // namespace odradek::store::cloud
