#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"

namespace odradek::web {

struct Question {
  std::string url;        // http or https
  std::string ca_file{};  // PEM of the authorities to trust; empty: the system's
  std::chrono::milliseconds timeout{10'000};  // for all of it
  size_t max_bytes = 1024 * 1024;             // of the answer's body
  bool follow_redirects = false;              // at most five, within http and https
  // "Name: value"; those that hold secrets are the caller's to wipe, copies are wiped here.
  std::vector<std::string> headers{};
  std::optional<std::string> form{};  // sent by POST, as application/x-www-form-urlencoded
};

struct Answer {
  int status = 0;
  std::string body;
};

// Asks once, blocking, for worker threads: small documents of other people's servers. Ends soon
// when told to stop. Errors, none with a word of headers or form: kInvalidArgument (no http URL),
// kNetwork (not reached), kTimedOut, kTls, kLimitExceeded (a longer body), kCancelled.
Result<Answer> ask(const Question& question, std::stop_token stop = {});

}  // namespace odradek::web
