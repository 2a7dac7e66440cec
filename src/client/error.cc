#include "odradek/error.h"

#include <fmt/format.h>

#include "client/error_map.h"
#include "proto/error_code.h"

namespace odradek::kafka {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::network: return "network";
    case ErrorKind::timeout: return "timeout";
    case ErrorKind::server: return "server";
    case ErrorKind::authentication: return "authentication";
    case ErrorKind::tls: return "tls";
    case ErrorKind::protocol: return "protocol";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::invalid_argument: return "invalid_argument";
    case ErrorKind::config: return "config";
    case ErrorKind::state: return "state";
    case ErrorKind::buffer_full: return "buffer_full";
    case ErrorKind::record_too_large: return "record_too_large";
    case ErrorKind::fenced: return "fenced";
    case ErrorKind::no_offset: return "no_offset";
    case ErrorKind::log_truncated: return "log_truncated";
    case ErrorKind::closed: return "closed";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::internal: return "internal";
  }
  return "internal";
}

std::string_view KafkaError::code_name() const {
  if (kind_ != ErrorKind::server) return {};
  return proto::error_name(static_cast<proto::ErrorCode>(code_));
}

bool KafkaError::is_retriable() const {
  switch (kind_) {
    case ErrorKind::network:
    case ErrorKind::timeout:
    case ErrorKind::buffer_full: return true;
    case ErrorKind::server: return proto::is_retriable(static_cast<proto::ErrorCode>(code_));
    default: return false;
  }
}

bool KafkaError::is_fatal() const {
  return meaning_ == Meaning::fatal || kind_ == ErrorKind::authentication ||
         kind_ == ErrorKind::fenced || kind_ == ErrorKind::closed || kind_ == ErrorKind::config;
}

std::string KafkaError::to_string() const {
  if (message_.empty()) return std::string(kafka::to_string(kind_));
  return fmt::format("{}: {}", kafka::to_string(kind_), message_);
}

}  // namespace odradek::kafka

namespace odradek::client {
namespace {

kafka::ErrorKind kind_of(Errc code) {
  using kafka::ErrorKind;
  switch (code) {
    case Errc::kInvalidArgument: return ErrorKind::invalid_argument;
    case Errc::kMalformed:
    case Errc::kChecksum: return ErrorKind::protocol;
    case Errc::kLimitExceeded: return ErrorKind::record_too_large;
    case Errc::kUnsupported: return ErrorKind::unsupported;
    case Errc::kPrecondition:
    case Errc::kNotFound:
    case Errc::kAlreadyExists: return ErrorKind::state;
    case Errc::kTimedOut: return ErrorKind::timeout;
    case Errc::kCancelled: return ErrorKind::cancelled;
    case Errc::kClosed: return ErrorKind::closed;
    case Errc::kNetwork: return ErrorKind::network;
    case Errc::kTls: return ErrorKind::tls;
    case Errc::kAuthentication: return ErrorKind::authentication;
    case Errc::kConfig: return ErrorKind::config;
    case Errc::kServer: return ErrorKind::server;
    case Errc::kFenced: return ErrorKind::fenced;
    case Errc::kIo:
    case Errc::kInternal: return ErrorKind::internal;
  }
  return ErrorKind::internal;
}

}  // namespace

kafka::KafkaError to_public(const Error& error) {
  std::string message(error.message());
  if (error.code() == Errc::kServer) {
    return {static_cast<kafka::ServerCode>(error.server_code()), std::move(message)};
  }
  return {kind_of(error.code()), std::move(message)};
}

}  // namespace odradek::client
