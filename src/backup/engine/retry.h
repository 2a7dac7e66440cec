#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "base/clock.h"
#include "base/result.h"

// How a run goes on when a broker or the store fails for a while: it waits, it never drops work.
namespace odradek::backup {

struct RetryOptions {
  Duration backoff_min = std::chrono::milliseconds(100);
  Duration backoff_max = std::chrono::seconds(10);
  Duration deadline = std::chrono::minutes(5);  // of one operation without progress
  int breaker_failures = 5;                     // in a row, then the breaker opens
  Duration breaker_pause = std::chrono::seconds(30);
};

// Waits with full jitter: between 0 and min(max, min * 2^failures).
// Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
class FullJitter {
 public:
  FullJitter(Duration min, Duration max, uint64_t seed) : min_(min), max_(max), random_(seed) {}

  // The wait after the `failures`th failure in a row, counted from 1.
  Duration after(int failures);

 private:
  Duration min_;
  Duration max_;
  std::minstd_rand random_;
};

enum class BreakerState : uint8_t { kClosed = 0, kHalfOpen = 1, kOpen = 2 };

// Opens after some failures in a row: nobody asks the peer for a while. Then one probe is let
// through; its outcome closes or opens it again.
class Breaker {
 public:
  Breaker(int failures_max, Duration pause) : failures_max_(failures_max), pause_(pause) {}

  // May the peer be asked now? Letting a probe through is said once per pause.
  bool lets_through(MonotonicTime now);
  // When to ask again, while lets_through() is false.
  MonotonicTime next_probe() const { return next_probe_; }
  void on_success();
  void on_failure(MonotonicTime now);

  BreakerState state() const { return state_; }
  int failures() const { return failures_; }

 private:
  int failures_max_;
  Duration pause_;
  BreakerState state_ = BreakerState::kClosed;
  int failures_ = 0;
  MonotonicTime next_probe_{};
};

// The breakers of a run by peer: "store", "broker 1". One loop.
class Breakers {
 public:
  explicit Breakers(RetryOptions options)
      : options_(options),
        jitter_(options.backoff_min, options.backoff_max, std::random_device()()) {}

  // How long to wait before asking `peer`; zero: now.
  Duration wait_before(const std::string& peer, MonotonicTime now);
  void on_success(const std::string& peer);
  // How long to wait before the next try of what failed.
  Duration on_failure(const std::string& peer, int failures_in_a_row, MonotonicTime now);

  const RetryOptions& options() const { return options_; }
  const std::map<std::string, Breaker>& by_peer() const { return breakers_; }
  uint64_t retries() const { return retries_; }

 private:
  Breaker& of(const std::string& peer);

  RetryOptions options_;
  FullJitter jitter_;
  std::map<std::string, Breaker> breakers_;
  uint64_t retries_ = 0;
};

// Would the store answer differently after a while? Damage and conflicts would not change.
bool is_store_outage(const Error& error);

}  // namespace odradek::backup
