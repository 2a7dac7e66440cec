#pragma once

#include <cstdint>
#include <utility>

#include "io/event.h"

namespace odradek::backup {

class ByteBudget;

// Bytes taken from a budget; given back when it goes. Must not outlive the budget.
class BudgetHold {
 public:
  BudgetHold() = default;
  BudgetHold(BudgetHold&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  BudgetHold& operator=(BudgetHold&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~BudgetHold() { resize(0); }

  // What is really needed, once that is known: more is taken without waiting, less given back.
  void resize(uint64_t bytes);
  uint64_t bytes() const { return bytes_; }

 private:
  friend class ByteBudget;
  BudgetHold(ByteBudget& budget, uint64_t bytes) : budget_(&budget), bytes_(bytes) {}

  ByteBudget* budget_ = nullptr;
  uint64_t bytes_ = 0;
};

// The memory a run may use, as tokens. Who needs memory waits until it is free, in order of
// coming, so that large requests are not starved by small ones. One loop.
class ByteBudget {
 public:
  ByteBudget(io::Loop& loop, uint64_t bytes_max) : bytes_max_(bytes_max), changed_(loop) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  // More than the whole budget is given when nothing else is held. kCancelled.
  io::Task<Result<BudgetHold>> take(uint64_t bytes);

  uint64_t used_bytes() const { return used_bytes_; }
  uint64_t bytes_max() const { return bytes_max_; }

 private:
  friend class BudgetHold;
  void change(uint64_t before, uint64_t after);

  uint64_t bytes_max_;
  uint64_t used_bytes_ = 0;
  uint64_t next_ticket_ = 0;
  uint64_t served_ticket_ = 0;
  io::Event changed_;
};

// How a budget is divided among the partitions copied at once.
struct MemoryShare {
  size_t partitions = 1;
  size_t frame_bytes = 0;
  int32_t fetch_bytes = 0;
  uint64_t segment_hold_bytes = 0;  // of each partition, while it is copied
};

// At most what is wanted, and less where the budget is small: frames and fetches shrink first
// (floor 256 KiB), then fewer partitions are copied at once.
MemoryShare divide_budget(uint64_t budget_bytes, size_t partitions, size_t frame_bytes,
                          int32_t fetch_bytes);

}  // namespace odradek::backup
