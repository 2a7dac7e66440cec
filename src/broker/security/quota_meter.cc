#include "broker/security/quota_meter.h"

#include <algorithm>
#include <cmath>

namespace odradek::broker {
namespace {

double to_seconds(auto duration) { return std::chrono::duration<double>(duration).count(); }

Duration rounded_ms(double seconds) {
  constexpr double kMost = 24.0 * 3600 * 1000;
  return std::chrono::milliseconds(std::llround(std::min(seconds * 1000, kMost)));
}

}  // namespace

void RateMeter::purge(MonotonicTime now, const QuotaWindow& window) {
  for (int i = 0; i < window.samples; ++i) {
    Sample& sample = samples_[static_cast<size_t>(i)];
    if (sample.used && now - sample.begun >= window.size * window.samples) sample = {};
  }
}

void RateMeter::record(double value, MonotonicTime now, const QuotaWindow& window) {
  Sample* sample = &samples_[current_];
  if (sample->used && now - sample->begun >= window.size) {
    current_ = (current_ + 1) % static_cast<size_t>(window.samples);
    sample = &samples_[current_];
    *sample = {};
  }
  if (!sample->used) *sample = {.total = 0, .begun = now, .used = true};
  sample->total += value;
}

double RateMeter::seconds_covered(MonotonicTime now, const QuotaWindow& window) const {
  MonotonicTime oldest = now;
  for (const Sample& sample : samples_) {
    if (sample.used) oldest = std::min(oldest, sample.begun);
  }
  const double size = to_seconds(window.size);
  double elapsed = to_seconds(now - oldest);
  const double full = std::floor(elapsed / size);
  const double least = window.samples - 1;
  if (full < least) elapsed += (least - full) * size;
  return std::max(elapsed, size);
}

Duration RateMeter::excess(double limit, MonotonicTime now, const QuotaWindow& window) {
  purge(now, window);
  double total = 0;
  for (const Sample& sample : samples_) total += sample.total;
  const double seconds = seconds_covered(now, window);
  const double rate = total / seconds;
  if (rate <= limit) return Duration(0);
  return rounded_ms((rate - limit) / limit * seconds);
}

void TokenMeter::refill(double limit, MonotonicTime now, const QuotaWindow& window) {
  const double burst = limit * window.samples * to_seconds(window.size);
  const double before = tokens_.value_or(burst);
  tokens_ = std::min(burst, before + (at_ == MonotonicTime{} ? 0 : to_seconds(now - at_) * limit));
  at_ = now;
}

void TokenMeter::take(double tokens, double limit, MonotonicTime now, const QuotaWindow& window) {
  refill(limit, now, window);
  *tokens_ -= tokens;
}

Duration TokenMeter::debt(double limit, MonotonicTime now, const QuotaWindow& window) {
  refill(limit, now, window);
  return *tokens_ < 0 ? rounded_ms(-*tokens_ / limit) : Duration(0);
}

}  // namespace odradek::broker
