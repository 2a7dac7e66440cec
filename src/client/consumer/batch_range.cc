#include "odradek/batch_range.h"

#include <algorithm>

#include "client/consumer/consumer_core.h"

namespace odradek::kafka {
namespace {

constexpr std::chrono::hours kLongestIdle(24 * 365);  // what can be added to a time

}  // namespace

BatchRange::BatchRange(std::shared_ptr<ConsumerCore> core, std::chrono::milliseconds idle)
    : core_(std::move(core)), idle_(std::min<std::chrono::milliseconds>(idle, kLongestIdle)) {}

void BatchRange::advance() {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = Clock::now() + idle_;
  const uint64_t wakes = core_->wakes();
  while (!is_over_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    Result<RecordBatch> next = core_->next(left).get();
    if (!next) {
      status_ = next.error();
      break;
    }
    batch_ = *std::move(next);
    if (!batch_.empty()) return;
    // Empty batches also come when a rebalance needs the next call.
    if (left.count() <= 0 || core_->wakes() != wakes) break;
  }
  is_over_ = true;
}

}  // namespace odradek::kafka
