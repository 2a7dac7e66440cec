#pragma once

#include <string>

#include "base/result.h"

namespace odradek {

// The whole of a small file (settings, certificates, users), read blocking: for start-up and
// reloads. Errors: kNotFound, kIo (no permission, a directory), kLimitExceeded; the message ends
// with the reason and does not name the file.
Result<std::string> read_file(const std::string& path, size_t max_bytes);

}  // namespace odradek
