#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace odradek::broker {

// Over which time quotas look. Source: quota.window.num and quota.window.size.seconds.
struct QuotaWindow {
  static constexpr int kSamplesMax = 64;
  int samples = 11;
  Duration size = std::chrono::seconds(1);
};

// How much was used lately, in samples of one window each, as Kafka's Rate and SampledStat compute
// it: the sum of the samples over the time since the oldest began, but at least all full windows.
class RateMeter {
 public:
  void record(double value, MonotonicTime now, const QuotaWindow& window);
  // How long to wait until the rate is `limit` again; zero while it is not above. In Kafka:
  // QuotaUtils.throttleTime.
  Duration excess(double limit, MonotonicTime now, const QuotaWindow& window);

 private:
  struct Sample {
    double total = 0;
    MonotonicTime begun{};
    bool used = false;
  };
  void purge(MonotonicTime now, const QuotaWindow& window);
  double seconds_covered(MonotonicTime now, const QuotaWindow& window) const;

  std::array<Sample, QuotaWindow::kSamplesMax> samples_{};
  size_t current_ = 0;
};

// Tokens that come back at `limit` a second, up to all of a window's. Source: Kafka's TokenBucket.
class TokenMeter {
 public:
  // Takes tokens; the bucket may go below zero.
  void take(double tokens, double limit, MonotonicTime now, const QuotaWindow& window);
  // How long until there are no debts; zero without any.
  Duration debt(double limit, MonotonicTime now, const QuotaWindow& window);

 private:
  void refill(double limit, MonotonicTime now, const QuotaWindow& window);

  std::optional<double> tokens_;
  MonotonicTime at_{};
};

}  // namespace odradek::broker
