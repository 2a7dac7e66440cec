#include "backup/engine/retry.h"

#include "base/log.h"
#include "store/open_store.h"

namespace odradek::backup {

Duration FullJitter::after(int failures) {
  constexpr int kDoublingsMax = 20;
  const int doublings = std::clamp(failures - 1, 0, kDoublingsMax);
  const double cap = std::min(static_cast<double>(min_.count()) * double(1 << doublings),
                              static_cast<double>(max_.count()));
  std::uniform_real_distribution<double> share(0, 1);
  return Duration(static_cast<Duration::rep>(cap * share(random_)));
}

bool Breaker::lets_through(MonotonicTime now) {
  if (state_ == BreakerState::kClosed) return true;
  if (now < next_probe_) return false;
  state_ = BreakerState::kHalfOpen;
  next_probe_ = now + pause_;
  return true;
}

void Breaker::on_success() {
  state_ = BreakerState::kClosed;
  failures_ = 0;
}

void Breaker::on_failure(MonotonicTime now) {
  ++failures_;
  if (state_ == BreakerState::kClosed && failures_ < failures_max_) return;
  state_ = BreakerState::kOpen;
  next_probe_ = now + pause_;
}

Breaker& Breakers::of(const std::string& peer) {
  return breakers_.try_emplace(peer, options_.breaker_failures, options_.breaker_pause)
      .first->second;
}

Duration Breakers::wait_before(const std::string& peer, MonotonicTime now) {
  Breaker& breaker = of(peer);
  if (breaker.lets_through(now)) return {};
  return breaker.next_probe() - now;
}

void Breakers::on_success(const std::string& peer) {
  Breaker& breaker = of(peer);
  if (breaker.state() != BreakerState::kClosed) {
    ODK_LOG(info, "breaker closed, going on", kv("peer", peer));
  }
  breaker.on_success();
}

Duration Breakers::on_failure(const std::string& peer, int failures_in_a_row, MonotonicTime now) {
  ++retries_;
  Breaker& breaker = of(peer);
  const bool was_open = breaker.state() == BreakerState::kOpen;
  breaker.on_failure(now);
  if (breaker.state() == BreakerState::kOpen && !was_open) {
    ODK_LOG(warn, "breaker opened, pausing", kv("peer", peer), kv("failures", breaker.failures()));
  }
  return jitter_.after(failures_in_a_row);
}

bool is_store_outage(const Error& error) {
  switch (error.code()) {
    case Errc::kIo:
    case Errc::kNetwork:
    case Errc::kTls:
    case Errc::kLimitExceeded:  // throttled
    case Errc::kTimedOut:
    case Errc::kClosed: return true;
    // Bytes that changed on their way, not an archive that is damaged.
    case Errc::kChecksum: return store::is_about_store(error);
    default: return false;
  }
}

}  // namespace odradek::backup
