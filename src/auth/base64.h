#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace odradek::auth {

// RFC 4648 §4 with padding: what SCRAM messages carry.
std::string encode_base64(Bytes bytes);
// Strict: padding required, no blanks, no stray bits. Errors: kMalformed.
Result<std::vector<uint8_t>> decode_base64(std::string_view text);

// RFC 4648 §5 without padding: what JSON web tokens carry.
std::string encode_base64url(Bytes bytes);
Result<std::vector<uint8_t>> decode_base64url(std::string_view text);

}  // namespace odradek::auth
