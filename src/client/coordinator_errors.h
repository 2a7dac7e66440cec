#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "proto/error_code.h"

namespace odradek::client {

// Between two tries of a question about offsets or of an admin.
inline constexpr Duration kRetryPause = std::chrono::milliseconds(100);

// Another broker, or the same one a little later, may answer.
inline bool is_transient(const Error& error) {
  switch (error.code()) {
    case Errc::kServer: return proto::is_retriable(proto::error_code(error.server_code()));
    case Errc::kNetwork:
    case Errc::kClosed:
    case Errc::kTimedOut: return true;
    default: return false;
  }
}

// What makes a coordinator forgotten: it moved, or cannot be reached.
inline bool is_about_coordinator(const Error& error) {
  if (error.code() != Errc::kServer) return error.code() != Errc::kInvalidArgument;
  const proto::ErrorCode code = proto::error_code(error.server_code());
  return code == proto::ErrorCode::kNotCoordinator ||
         code == proto::ErrorCode::kCoordinatorNotAvailable;
}

// Asking again cannot help: who we are, or what we ask for, is refused.
inline bool is_refused(const Error& error) {
  return error.code() == Errc::kAuthentication ||
         (error.code() == Errc::kServer && !is_transient(error));
}

}  // namespace odradek::client
