#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "io/loop.h"
#include "io/task.h"

namespace odradek::backup {

// At most so much a second, evened out over one second. Zero: no limit.
struct RateLimits {
  uint64_t bytes_per_second = 0;
  uint64_t records_per_second = 0;

  bool operator==(const RateLimits&) const = default;
};

// Says how long who takes an amount has to wait: tokens come back with time, up to a second's
// worth, and may be owed, so that amounts above a second's worth pass too. One thread.
class TokenBucket {
 public:
  explicit TokenBucket(uint64_t per_second) : per_second_(static_cast<double>(per_second)) {}

  Duration take(uint64_t amount, MonotonicTime now);

 private:
  double per_second_;
  double tokens_ = 0;
  MonotonicTime at_{};
};

// Shared by all partitions of a run. One loop.
class RateLimiter {
 public:
  RateLimiter(io::Loop& loop, RateLimits limits)
      : loop_(&loop), bytes_(limits.bytes_per_second), records_(limits.records_per_second) {}

  // Returns when the amounts may go out. Errors: kCancelled.
  io::Task<Result<void>> take(uint64_t bytes, uint64_t records);

 private:
  io::Loop* loop_;
  TokenBucket bytes_;
  TokenBucket records_;
};

}  // namespace odradek::backup
