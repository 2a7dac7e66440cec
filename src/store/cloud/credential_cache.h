#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"

namespace odradek::store::cloud {

// Credentials and until when they are good.
template <class T>
struct Expiring {
  T value{};
  std::optional<TimestampMs> expires_at_ms{};  // without: for good
};

// Holds credentials and fetches new ones five minutes before they end (or when half of a shorter
// life is over), one thread at a time. While old ones are still good, a failed refresh is only
// logged. T is cheap to copy or a shared_ptr. Any thread.
template <class T>
class CredentialCache {
 public:
  using Fetch = std::function<Result<Expiring<T>>()>;

  CredentialCache(Fetch fetch, std::shared_ptr<const Clock> clock)
      : fetch_(std::move(fetch)), clock_(std::move(clock)) {}

  Result<T> get() {
    const MutexLock lock(mutex_);
    const TimestampMs now = clock_->wall_ms();
    if (held_ && (!held_->expires_at_ms || now < refresh_at_ms_)) return held_->value;
    Result<Expiring<T>> fetched = fetch_();
    if (!fetched) {
      if (!held_ || now >= *held_->expires_at_ms) return refusal(fetched.error());
      ODK_LOG(warn, "credentials of a store could not be refreshed yet",
              kv("reason", fetched.error().to_string()));
      refresh_at_ms_ = now + kRetryAfter_ms;
      return held_->value;
    }
    held_ = *std::move(fetched);
    has_worked_ = true;
    if (held_->expires_at_ms) {
      const TimestampMs life = *held_->expires_at_ms - now;
      refresh_at_ms_ = *held_->expires_at_ms - std::min(kEarly_ms, life / 2);
    }
    return held_->value;
  }

  // The store refused them: the next get() fetches. False when they have no end and fetching
  // again gives the same.
  bool drop() {
    const MutexLock lock(mutex_);
    if (!held_ || !held_->expires_at_ms) return false;
    held_.reset();
    return true;
  }

 private:
  static constexpr int64_t kEarly_ms = 5 * 60 * 1000;
  static constexpr int64_t kRetryAfter_ms = 10'000;

  // Where credentials were found once they are not missing: their service is away.
  Error refusal(const Error& error) const ODK_THREAD_ANNOTATION(requires_capability(mutex_)) {
    if (!has_worked_ || error.code() != Errc::kConfig) return error;
    return {Errc::kNetwork, std::string(error.message())};
  }

  Fetch fetch_;
  std::shared_ptr<const Clock> clock_;
  Mutex mutex_;
  std::optional<Expiring<T>> held_ ODK_GUARDED_BY(mutex_);
  TimestampMs refresh_at_ms_ ODK_GUARDED_BY(mutex_) = 0;
  bool has_worked_ ODK_GUARDED_BY(mutex_) = false;
};

}  // namespace odradek::store::cloud
