#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace odradek::store::cloud {

// What a refusal of a store means, whatever its status and code were.
enum class FailureKind : uint8_t {
  kNotFound,          // the object
  kNoContainer,       // the bucket or container
  kAlreadyExists,     // a create-only write found an object
  kPrecondition,      // the object is not the version that was asked for
  kPermissionDenied,  // known, but not allowed
  kUnauthenticated,   // not known: wrong or expired credentials
  kThrottled,
  kTimeout,
  kUnavailable,  // not reached, cut, or an error inside the store
  kChecksum,     // bytes changed on the way
  kOther,
};

std::string_view failure_name(FailureKind kind);

// One failed attempt. Holds what people need to ask the store's operators, and no secret.
struct Failure {
  FailureKind kind = FailureKind::kOther;
  bool is_transient = false;  // worth another attempt
  // The store may have carried the request out all the same: no answer, or one from a gateway.
  bool is_unclear = false;
  int http_status = 0;       // 0: no answer
  std::string code{};        // the store's: "SlowDown"
  std::string message{};     // the store's, one line
  std::string request_id{};  // the store's
  std::optional<std::chrono::milliseconds> retry_after{};
};

// "put s3://bucket/key: throttled: 503 SlowDown: Reduce your request rate. (request 44F2)".
// Codes: kNotFound, kConfig (no container), kAlreadyExists, kPrecondition, kAuthentication,
// kLimitExceeded (throttled), kTimedOut, kNetwork (unavailable), kChecksum, kIo.
Error to_error(const Failure& failure, std::string_view operation, std::string_view object);

// The failure of a request that got no answer.
Failure failure_of(const Error& transport);

// What a status alone says, for answers without a body.
FailureKind kind_of_status(int status);
bool is_transient_status(int status);

// One line of at most 300 printable characters.
std::string clean_message(std::string_view text);

// True for errors that may be gone a while later.
bool is_transient(const Error& error);

}  // namespace odradek::store::cloud
