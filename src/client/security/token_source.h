#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "auth/sasl.h"
#include "io/event.h"
#include "odradek/client.h"

namespace odradek::client {

// The bearer tokens of a client: asked for on a thread of their own, one call at a time, shared by
// all connections. When most of a token's life is over the next is asked for, behind the one that
// is still good. Everything but the constructor and the destructor happens on one loop.
class TokenSource {
 public:
  // Blocks until there is a token. Told to stop, it ends soon where it can.
  using Fetch = std::function<Result<kafka::BearerToken>(std::stop_token)>;

  explicit TokenSource(Fetch fetch);
  TokenSource(const TokenSource&) = delete;
  TokenSource& operator=(const TokenSource&) = delete;
  ~TokenSource();

  // Waits until there is a token that is good for start(): at once while one has not expired.
  // Errors: those of `fetch`, kAuthentication (an expired token came), kTimedOut, kClosed.
  io::Task<Result<void>> prepare(io::Loop& loop, MonotonicTime deadline);
  // With the latest token. kAuthentication without one.
  Result<std::unique_ptr<auth::SaslClient>> start() const;
  // Tells a call under way to stop and does not wait for it; prepare() fails from now on.
  void stop();

 private:
  using WallTime = std::chrono::system_clock::time_point;
  // What the thread shares with this object, and outlives it with.
  struct Mailbox;

  void begin_fetch(io::Loop& loop);
  void on_fetched(Result<kafka::BearerToken> token);
  WallTime now() const;
  bool is_fresh() const;
  bool is_good() const;

  std::shared_ptr<Mailbox> mailbox_;
  io::Loop* loop_ = nullptr;  // once prepare() was called
  std::unique_ptr<io::Event> fetched_;
  std::optional<kafka::BearerToken> token_;
  WallTime replace_at_{};
  uint64_t fetches_ = 0;  // ended
  Error last_error_{Errc::kAuthentication};
  bool is_fetching_ = false;
  bool is_stopped_ = false;
};

}  // namespace odradek::client
