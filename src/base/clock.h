#pragma once

#include <chrono>
#include <cstdint>

namespace odradek {

using Duration = std::chrono::nanoseconds;
using MonotonicTime = std::chrono::steady_clock::time_point;  // for timers and deadlines
using TimestampMs = int64_t;  // milliseconds since the epoch, UTC: what Kafka records carry

// The only source of time in product code, so that tests can turn it by hand.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  virtual MonotonicTime now() const = 0;
  virtual TimestampMs wall_ms() const = 0;
};

class SystemClock final : public Clock {
 public:
  MonotonicTime now() const override { return std::chrono::steady_clock::now(); }
  TimestampMs wall_ms() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  }
};

// Stands still until advanced. One thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimestampMs wall_ms = 1'700'000'000'000) : wall_ms_(wall_ms) {}

  MonotonicTime now() const override { return now_; }
  TimestampMs wall_ms() const override { return wall_ms_; }

  void advance(Duration step) {
    now_ += std::chrono::duration_cast<MonotonicTime::duration>(step);
    wall_ms_ += std::chrono::duration_cast<std::chrono::milliseconds>(step).count();
  }
  void set_wall_ms(TimestampMs wall_ms) { wall_ms_ = wall_ms; }

 private:
  MonotonicTime now_{std::chrono::hours(1)};
  TimestampMs wall_ms_;
};

}  // namespace odradek
