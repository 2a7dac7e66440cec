#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace odradek::http {

struct FetchOptions {
  std::string url;      // http or https; redirects are followed within these
  std::string ca_file{};  // who issued the server's certificate; empty: the system's authorities
  Duration timeout = std::chrono::seconds(10);  // for all of it
  size_t max_bytes = 1024 * 1024;               // of the body
};

// The body at a URL, read blocking: for a worker thread. Small documents, as the keys of an OAuth
// provider. Errors: kInvalidArgument (not an http URL), kNetwork (not reached, or another status
// than 200, in words), kTimedOut, kTls, kLimitExceeded.
Result<std::string> fetch(const FetchOptions& options);

}  // namespace odradek::http
