#include "backup/engine/byte_budget.h"

#include <algorithm>

namespace odradek::backup {

void BudgetHold::resize(uint64_t bytes) {
  if (budget_ == nullptr) return;
  budget_->change(bytes_, bytes);
  bytes_ = bytes;
}

void ByteBudget::change(uint64_t before, uint64_t after) {
  used_bytes_ = used_bytes_ - before + after;
  if (after < before) changed_.notify_all();
}

io::Task<Result<BudgetHold>> ByteBudget::take(uint64_t bytes) {
  const uint64_t ticket = next_ticket_++;
  Result<void> woken;
  while (woken &&
         (ticket != served_ticket_ || (used_bytes_ != 0 && used_bytes_ + bytes > bytes_max_))) {
    // Who is cancelled waits for its turn to leave the queue in order.
    woken = co_await changed_.wait();
  }
  while (!woken && ticket != served_ticket_) co_await changed_.wait_uncancellable();
  ++served_ticket_;
  changed_.notify_all();
  if (!woken) co_return woken.error();
  change(0, bytes);
  co_return BudgetHold(*this, bytes);
}

MemoryShare divide_budget(uint64_t budget_bytes, size_t partitions, size_t frame_bytes,
                          int32_t fetch_bytes) {
  constexpr uint64_t kPieceBytesMin = 256 * 1024;
  // A frame with its compressed form and the codec's state, two parts of an upload; one response
  // under way, one waiting, one in hand.
  constexpr uint64_t kPiecesPerPartition = 8;
  constexpr uint64_t kPiecesPerSegment = 5;
  const uint64_t partitions_max =
      std::max<uint64_t>(1, budget_bytes / (kPiecesPerPartition * kPieceBytesMin));
  MemoryShare share;
  share.partitions = static_cast<size_t>(std::clamp<uint64_t>(partitions, 1, partitions_max));
  const uint64_t piece =
      std::max(kPieceBytesMin, budget_bytes / share.partitions / kPiecesPerPartition);
  share.frame_bytes = static_cast<size_t>(std::min<uint64_t>(piece, frame_bytes));
  share.fetch_bytes =
      static_cast<int32_t>(std::min(piece, static_cast<uint64_t>(std::max(fetch_bytes, 1))));
  share.segment_hold_bytes = kPiecesPerSegment * share.frame_bytes;
  return share;
}

}  // namespace odradek::backup
