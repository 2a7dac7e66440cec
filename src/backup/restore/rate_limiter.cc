#include "backup/restore/rate_limiter.h"

#include <algorithm>

#include "io/event.h"

namespace odradek::backup {

io::Task<Result<void>> RateLimiter::take(uint64_t bytes, uint64_t records) {
  const MonotonicTime now = loop_->now();
  const Duration wait = std::max(bytes_.take(bytes, now), records_.take(records, now));
  if (wait == Duration::zero()) co_return Result<void>{};
  co_return co_await io::sleep(*loop_, wait);
}

}  // namespace odradek::backup
