#include "store/cloud/failure.h"

#include <fmt/format.h>

namespace odradek::store::cloud {
namespace {

Errc code_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::kNotFound: return Errc::kNotFound;
    case FailureKind::kNoContainer: return Errc::kConfig;
    case FailureKind::kAlreadyExists: return Errc::kAlreadyExists;
    case FailureKind::kPrecondition: return Errc::kPrecondition;
    case FailureKind::kPermissionDenied:
    case FailureKind::kUnauthenticated: return Errc::kAuthentication;
    case FailureKind::kThrottled: return Errc::kLimitExceeded;
    case FailureKind::kTimeout: return Errc::kTimedOut;
    case FailureKind::kUnavailable: return Errc::kNetwork;
    case FailureKind::kChecksum: return Errc::kChecksum;
    case FailureKind::kOther: return Errc::kIo;
  }
  return Errc::kIo;
}

}  // namespace

std::string_view failure_name(FailureKind kind) {
  switch (kind) {
    case FailureKind::kNotFound: return "not found";
    case FailureKind::kNoContainer: return "no such bucket or container";
    case FailureKind::kAlreadyExists: return "already exists";
    case FailureKind::kPrecondition: return "changed by another";
    case FailureKind::kPermissionDenied: return "permission denied";
    case FailureKind::kUnauthenticated: return "credentials refused";
    case FailureKind::kThrottled: return "throttled";
    case FailureKind::kTimeout: return "timed out";
    case FailureKind::kUnavailable: return "unavailable";
    case FailureKind::kChecksum: return "bytes changed on the way";
    case FailureKind::kOther: return "refused";
  }
  return "refused";
}

Error to_error(const Failure& failure, std::string_view operation, std::string_view object) {
  std::string text = fmt::format("{} {}: {}", operation, object, failure_name(failure.kind));
  if (failure.http_status != 0) text += fmt::format(": {}", failure.http_status);
  if (!failure.code.empty()) text += fmt::format(" {}", failure.code);
  if (!failure.message.empty()) text += fmt::format(": {}", failure.message);
  if (!failure.request_id.empty()) text += fmt::format(" (request {})", failure.request_id);
  return {code_of(failure.kind), std::move(text)};
}

Failure failure_of(const Error& transport) {
  Failure failure;
  failure.message = std::string(transport.message());
  switch (transport.code()) {
    case Errc::kTimedOut:
      failure.kind = FailureKind::kTimeout;
      failure.is_transient = failure.is_unclear = true;
      break;
    case Errc::kNetwork:
      failure.kind = FailureKind::kUnavailable;
      failure.is_transient = failure.is_unclear = true;
      break;
    case Errc::kTls:
      failure.kind = FailureKind::kUnavailable;
      failure.is_unclear = true;
      break;
    default: failure.kind = FailureKind::kOther;
  }
  return failure;
}

FailureKind kind_of_status(int status) {
  switch (status) {
    case 401: return FailureKind::kUnauthenticated;
    case 403: return FailureKind::kPermissionDenied;
    case 404: return FailureKind::kNotFound;
    case 408: return FailureKind::kTimeout;
    case 412: return FailureKind::kPrecondition;
    case 429:
    case 503: return FailureKind::kThrottled;
    default: return status >= 500 ? FailureKind::kUnavailable : FailureKind::kOther;
  }
}

bool is_transient_status(int status) {
  return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

std::string clean_message(std::string_view text) {
  constexpr size_t kMessageMax = 300;
  text = text.substr(0, text.find('\n'));
  std::string out;
  for (const char c : text.substr(0, kMessageMax)) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) out += c;
  }
  return out;
}

bool is_transient(const Error& error) {
  switch (error.code()) {
    case Errc::kTimedOut:
    case Errc::kNetwork:
    case Errc::kLimitExceeded:
    case Errc::kChecksum: return true;
    default: return false;
  }
}

}  // namespace odradek::store::cloud
