#include "base/error.h"

#include <utility>

namespace odradek {

struct Error::Detail {
  Errc code;
  int16_t server_code;
  std::string message;
};

Error::Error(Errc code, int16_t kafka_code, std::string message)
    : bits_(reinterpret_cast<uintptr_t>(new Detail{code, kafka_code, std::move(message)})) {}

Error::Error(const Error& other)
    : bits_(other.is_inline() ? other.bits_
                              : reinterpret_cast<uintptr_t>(new Detail(other.detail()))) {}

void Error::release() {
  if (!is_inline()) delete reinterpret_cast<Detail*>(bits_);
}

Errc Error::code() const { return is_inline() ? static_cast<Errc>(bits_ >> 1U) : detail().code; }

int16_t Error::server_code() const { return is_inline() ? int16_t{0} : detail().server_code; }

std::string_view Error::message() const {
  return is_inline() ? std::string_view{} : std::string_view{detail().message};
}

std::string Error::to_string() const {
  std::string text(errc_name(code()));
  if (const int16_t number = server_code(); number != 0) {
    text += " " + std::to_string(number);
  }
  if (!message().empty()) {
    text += ": ";
    text += message();
  }
  return text;
}

Error Error::with_context(std::string_view attempted) const {
  std::string text(attempted);
  if (!message().empty()) {
    text += ": ";
    text += message();
  }
  return {code(), server_code(), std::move(text)};
}

std::string_view errc_name(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument: return "invalid argument";
    case Errc::kMalformed: return "malformed";
    case Errc::kChecksum: return "checksum mismatch";
    case Errc::kLimitExceeded: return "limit exceeded";
    case Errc::kUnsupported: return "unsupported";
    case Errc::kNotFound: return "not found";
    case Errc::kAlreadyExists: return "already exists";
    case Errc::kPrecondition: return "precondition failed";
    case Errc::kTimedOut: return "timed out";
    case Errc::kCancelled: return "cancelled";
    case Errc::kClosed: return "closed";
    case Errc::kNetwork: return "network";
    case Errc::kTls: return "tls";
    case Errc::kAuthentication: return "authentication";
    case Errc::kIo: return "i/o";
    case Errc::kConfig: return "configuration";
    case Errc::kServer: return "server error";
    case Errc::kFenced: return "fenced";
    case Errc::kInternal: return "internal";
  }
  return "unknown";
}

}  // namespace odradek
