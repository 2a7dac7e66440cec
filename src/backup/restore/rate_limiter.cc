#include "backup/restore/rate_limiter.h"

#include <algorithm>

#include "io/event.h"

namespace odradek::backup {

Duration TokenBucket::take(uint64_t amount, MonotonicTime now) {
  if (per_second_ == 0) return Duration::zero();
  if (at_ == MonotonicTime{}) {
    tokens_ = per_second_;
  } else {
    const std::chrono::duration<double> passed = now - at_;
    tokens_ = std::min(per_second_, tokens_ + passed.count() * per_second_);
  }
  at_ = now;
  tokens_ -= static_cast<double>(amount);
  if (tokens_ >= 0) return Duration::zero();
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(-tokens_ / per_second_));
}

io::Task<Result<void>> RateLimiter::take(uint64_t bytes, uint64_t records) {
  const MonotonicTime now = loop_->now();
  const Duration wait = std::max(bytes_.take(bytes, now), records_.take(records, now));
  if (wait == Duration::zero()) co_return Result<void>{};
  co_return co_await io::sleep(*loop_, wait);
}

}  // namespace odradek::backup
