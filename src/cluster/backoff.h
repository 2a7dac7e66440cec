#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "base/clock.h"

namespace odradek::cluster {

// How long to wait before the next try: doubles from `min` to `max` with each failure, with up to
// 20 % taken off or put on, so that many clients do not come back in step. Deterministic for a
// seed. One thread. Source: KIP-580.
class Backoff {
 public:
  Backoff(Duration min, Duration max, uint64_t seed) : min_(min), max_(max), random_(seed) {}

  // The wait after the `failures`th failure in a row, counted from 1.
  Duration after(int failures) {
    constexpr int kDoublingsMax = 20;
    const int doublings = std::clamp(failures - 1, 0, kDoublingsMax);
    const double plain = std::min(static_cast<double>(min_.count()) * double(1 << doublings),
                                  static_cast<double>(max_.count()));
    std::uniform_real_distribution<double> jitter(0.8, 1.2);
    return Duration(static_cast<Duration::rep>(plain * jitter(random_)));
  }

 private:
  Duration min_;
  Duration max_;
  std::minstd_rand random_;
};

}  // namespace odradek::cluster
