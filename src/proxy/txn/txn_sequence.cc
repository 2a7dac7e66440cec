#include "proxy/txn/txn_sequence.h"

#include <algorithm>

#include "base/assert.h"
#include "wire/record_batch.h"

namespace odradek::proxy {
namespace {

constexpr size_t kBatchesRemembered = 5;

}  // namespace

// What the client sends again stays awaited: nothing behind it may come first.
void TxnSequence::start_at(int32_t next) {
  is_known_ = true;
  next_ = next;
  pending_.reset();
  std::erase_if(runs_, [](const auto& run) { return !run.second.is_awaited; });
  for (auto& [partition, run] : runs_) run.last.clear();
}

void TxnSequence::begin_connection() {
  is_checked_ = false;
  for (auto& [partition, run] : runs_) run.is_awaited = false;
}

void TxnSequence::forget() {
  is_known_ = false;
  pending_.reset();
  runs_.clear();
}

bool TxnSequence::recover(const std::optional<ProducerTrace>& trace) {
  is_checked_ = true;
  if (!trace) {
    // A broker that knows nothing of the producer takes any number.
    if (!is_known_) start_at(0);
    return true;
  }
  if (is_known_ && recover_known(*trace)) return true;
  if (trace->is_open) {
    forget();
    return false;
  }
  start_at(trace->last_sequence < 0 ? 0 : wire::advance_sequence(trace->last_sequence, 1));
  return true;
}

// True when the broker's last number is one of ours: nobody else has written.
bool TxnSequence::recover_known(const ProducerTrace& trace) {
  const int32_t following =
      trace.last_sequence < 0 ? 0 : wire::advance_sequence(trace.last_sequence, 1);
  // What is pending may still be on its way, so it stays pending.
  if (following == next_) return true;
  if (!pending_) return false;
  const Batch batch = pending_->batch;
  if (following != wire::advance_sequence(next_, batch.count)) return false;
  stored(batch, next_);
  return true;
}

std::optional<int32_t> TxnSequence::find_stored(const Batch& batch) const {
  const auto run = runs_.find(batch.partition);
  if (run == runs_.end()) return std::nullopt;
  const auto found = std::ranges::find(run->second.last, batch, &Sent::batch);
  if (found == run->second.last.end()) return std::nullopt;
  return found->sequence;
}

TxnSequence::Decision TxnSequence::place(const Batch& batch) const {
  ODK_ASSERT(is_known(), "partition {}", batch.partition.value());
  if (is_pending(batch)) return {Verdict::kSend, next_};
  if (pending_) return {Verdict::kInDoubt, -1};
  if (const auto sequence = find_stored(batch)) return {Verdict::kSend, *sequence};
  const auto run = runs_.find(batch.partition);
  const bool is_gap =
      run != runs_.end() && run->second.next && *run->second.next != batch.base_sequence;
  if (is_gap) return {Verdict::kOutOfOrder, -1};
  return {Verdict::kSend, next_};
}

void TxnSequence::sending(const Batch& batch, int32_t sequence, MonotonicTime now) {
  // A repetition of a stored batch leaves nothing in doubt.
  if (sequence != next_ || is_pending(batch)) return;
  pending_ = {batch, now};
}

void TxnSequence::stored(const Batch& batch, int32_t sequence) {
  if (sequence != next_) return;
  pending_.reset();
  next_ = wire::advance_sequence(next_, batch.count);
  Run& run = runs_[batch.partition];
  run.next = wire::advance_sequence(batch.base_sequence, batch.count);
  run.is_awaited = false;
  run.last.push_back({batch, sequence});
  if (run.last.size() > kBatchesRemembered) run.last.pop_front();
}

void TxnSequence::refused(const Batch& batch) {
  if (!is_pending(batch)) return;
  pending_.reset();
  skipped(batch);
}

void TxnSequence::skipped(const Batch& batch) {
  Run& run = runs_[batch.partition];
  if (!run.next) run.next = batch.base_sequence;
  if (*run.next == batch.base_sequence) run.is_awaited = true;
}

}  // namespace odradek::proxy
