#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/clock.h"

namespace odradek::store::cloud {

struct RetryPolicy {
  std::chrono::milliseconds first_wait{100};
  std::chrono::milliseconds max_wait{10'000};
  std::chrono::milliseconds deadline{300'000};  // for all attempts of one operation together
};

// How long a thread waits; tests give one that turns a manual clock.
using Sleeper = std::function<void(std::chrono::milliseconds)>;
Sleeper thread_sleeper();

// When to try again: exponential with full jitter, at least as long as the store asks for, and
// never past the deadline. One operation, one thread.
class Backoff {
 public:
  Backoff(const RetryPolicy& policy, const Clock& clock)
      : policy_(policy), clock_(&clock), ends_at_(clock.now() + policy.deadline) {}

  // Nothing when the operation has to give up.
  std::optional<std::chrono::milliseconds> next(
      std::optional<std::chrono::milliseconds> retry_after);
  std::chrono::milliseconds left() const;

 private:
  RetryPolicy policy_;
  const Clock* clock_;
  MonotonicTime ends_at_;
  int failures_ = 0;
};

}  // namespace odradek::store::cloud
