#include "backup/engine/rate_limit.h"

#include <algorithm>

namespace odradek::backup {

Duration RateLimit::take(uint64_t amount, MonotonicTime now) {
  if (per_second_ == 0) {
    available_ = 0;
    refilled_at_ = now;
    return {};
  }
  const auto rate = static_cast<double>(per_second_);
  if (refilled_at_ != MonotonicTime{}) {
    const std::chrono::duration<double> passed = now - refilled_at_;
    available_ = std::min(rate, available_ + passed.count() * rate);
  }
  refilled_at_ = now;
  available_ -= static_cast<double>(amount);
  if (available_ >= 0) return {};
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(-available_ / rate));
}

}  // namespace odradek::backup
