#pragma once

#include <string>

#include "base/result.h"

// A seal is the last field of a JSON object: the SHA-256 of the text before it. A flipped byte of a
// commit or manifest is found in the object alone.
namespace odradek::backup {

// `json` is an object, printed in any way; gives it with the field "seal" at its end.
std::string seal(std::string json);

// The object without its seal. Errors: kChecksum when the seal is missing or another's.
Result<std::string> unseal(std::string_view text);

}  // namespace odradek::backup
