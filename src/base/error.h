#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace odradek {

// What kind of thing went wrong; the message says where. A Kafka server's own error code is
// carried beside kServer (numbers and names: proto/error_code.h).
enum class Errc : uint16_t {
  kInvalidArgument = 1,
  kMalformed,        // bytes that do not follow their format
  kChecksum,         // a CRC or hash that does not match
  kLimitExceeded,    // a bound on size, count or memory was reached
  kUnsupported,      // a version, codec or feature we or the peer lack
  kNotFound,
  kAlreadyExists,
  kPrecondition,     // the state of the target does not allow the operation
  kTimedOut,
  kCancelled,
  kClosed,           // the peer or the owner closed the connection or object
  kNetwork,          // resolve, connect, reset, unreachable
  kTls,
  kAuthentication,
  kIo,               // file system
  kConfig,
  kServer,           // a Kafka error code from the peer
  kFenced,           // another writer took over
  kInternal,
};

std::string_view errc_name(Errc code);

// A failure: a code, and a message only where one was given. One pointer wide, so Result<T> stays
// small; copying copies the message. Never holds payloads or secrets.
class [[nodiscard]] Error {
 public:
  explicit Error(Errc code) : bits_((static_cast<uintptr_t>(code) << 1U) | 1U) {}
  Error(Errc code, std::string message) : Error(code, 0, std::move(message)) {}

  // A Kafka protocol error code (non-zero) answered by a server.
  static Error server(int16_t kafka_code, std::string message) {
    return {Errc::kServer, kafka_code, std::move(message)};
  }

  Error(const Error& other);
  Error(Error&& other) noexcept : bits_(other.bits_) { other.bits_ = kMovedFrom; }
  Error& operator=(Error other) noexcept {
    std::swap(bits_, other.bits_);
    return *this;
  }
  ~Error() { release(); }

  Errc code() const;
  int16_t server_code() const;       // 0 unless code() == kServer
  std::string_view message() const;  // valid until the Error changes

  // "timed out: metadata of topic orders", for logs and users.
  std::string to_string() const;

  // Puts what was attempted before the message: Error(e).with_context("fetch orders-3").
  Error with_context(std::string_view attempted) const;

 private:
  struct Detail;
  static constexpr uintptr_t kMovedFrom = (static_cast<uintptr_t>(Errc::kInternal) << 1U) | 1U;

  Error(Errc code, int16_t kafka_code, std::string message);
  bool is_inline() const { return (bits_ & 1U) != 0; }
  const Detail& detail() const { return *reinterpret_cast<const Detail*>(bits_); }
  void release();

  uintptr_t bits_;
};

}  // namespace odradek
