#pragma once

#include <cstdint>

#include "base/clock.h"

namespace odradek::backup {

// A token bucket that goes into debt: who takes more than is there waits afterwards, for as long
// as the excess takes to come back. Holds at most one second's worth. Not thread safe.
class RateLimit {
 public:
  // 0: no limit.
  explicit RateLimit(uint64_t per_second = 0) : per_second_(per_second) {}

  void set(uint64_t per_second) { per_second_ = per_second; }
  uint64_t per_second() const { return per_second_; }

  // Takes `amount` now and says how long to wait before the next piece of work.
  Duration take(uint64_t amount, MonotonicTime now);

 private:
  uint64_t per_second_;
  double available_ = 0;
  MonotonicTime refilled_at_{};
};

}  // namespace odradek::backup
