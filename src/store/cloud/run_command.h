#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace odradek::store::cloud {

// What a command of /bin/sh prints. Its standard input is empty, its standard error is ours.
// Errors name no word of the command: kIo (not started, exit code), kTimedOut (killed),
// kLimitExceeded (prints more than max_bytes; killed).
Result<std::string> run_command(const std::string& command, std::chrono::milliseconds timeout,
                                size_t max_bytes);

}  // namespace odradek::store::cloud
