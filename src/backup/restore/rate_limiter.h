#pragma once

#include <cstdint>

#include "backup/engine/rate_limit.h"
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

// Shared by all partitions of a run. One loop.
class RateLimiter {
 public:
  RateLimiter(io::Loop& loop, RateLimits limits)
      : loop_(&loop), bytes_(limits.bytes_per_second), records_(limits.records_per_second) {}

  // Returns when the amounts may go out. Errors: kCancelled.
  io::Task<Result<void>> take(uint64_t bytes, uint64_t records);

 private:
  io::Loop* loop_;
  RateLimit bytes_;
  RateLimit records_;
};

}  // namespace odradek::backup
