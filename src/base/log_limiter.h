#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace odradek {

// Lets one line through in `interval` and counts the others: one limiter for each cause, so that a
// peer that fails a thousand times a second makes a line a second and not a full disk. One thread.
//
//   if (const auto skipped = limiter_.pass(loop.now())) {
//     ODK_LOG(warn, "accept failed", kv("skipped", *skipped));
//   }
class LogLimiter {
 public:
  explicit LogLimiter(Duration interval) : interval_(interval) {}

  // The number of lines held back since the last one, when a line may be written now.
  std::optional<uint64_t> pass(MonotonicTime now) {
    if (next_ && now < *next_) {
      ++skipped_;
      return std::nullopt;
    }
    next_ = now + interval_;
    const uint64_t skipped = skipped_;
    skipped_ = 0;
    return skipped;
  }

 private:
  Duration interval_;
  std::optional<MonotonicTime> next_;
  uint64_t skipped_ = 0;
};

}  // namespace odradek
