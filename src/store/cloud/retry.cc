#include "store/cloud/retry.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "base/random.h"

namespace odradek::store::cloud {
namespace {

// 0 to `most`, all alike.
std::chrono::milliseconds random_up_to(std::chrono::milliseconds most) {
  std::array<uint8_t, 8> bytes{};
  fill_random(bytes);
  uint64_t number = 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  return std::chrono::milliseconds(
      static_cast<int64_t>(number % (static_cast<uint64_t>(most.count()) + 1)));
}

}  // namespace

Sleeper thread_sleeper() {
  return [](std::chrono::milliseconds wait) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, wait, [] { return false; });
  };
}

std::optional<std::chrono::milliseconds> Backoff::next(
    std::optional<std::chrono::milliseconds> retry_after) {
  constexpr int kDoublingsMax = 20;
  const int64_t factor = int64_t{1} << std::min(failures_++, kDoublingsMax);
  const std::chrono::milliseconds most = std::min(policy_.max_wait, policy_.first_wait * factor);
  std::chrono::milliseconds wait = random_up_to(most);
  if (retry_after) wait += *retry_after;
  if (wait >= left()) return std::nullopt;
  return wait;
}

std::chrono::milliseconds Backoff::left() const {
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(ends_at_ - clock_->now());
  return std::max(rest, std::chrono::milliseconds(0));
}

}  // namespace odradek::store::cloud
