#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"

namespace odradek::io {

using TimerId = uint64_t;  // 0 is never a timer

// The timers of one loop, earliest first; equal times in the order they were added. Adding and
// cancelling are O(log n); memory is kept for reuse. Pure: knows no clock. One thread.
class TimerHeap {
 public:
  using Action = std::move_only_function<void()>;

  TimerId add(MonotonicTime when, Action action);
  // False when the timer fired or was cancelled before.
  bool cancel(TimerId timer);

  // Drops all timers without firing them.
  void clear();

  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }
  MonotonicTime earliest() const { return slots_[heap_.front()].when; }
  // Timers added from now on have an order of at least this.
  uint64_t next_order() const { return next_order_; }
  uint64_t earliest_order() const { return slots_[heap_.front()].order; }
  // Removes the earliest timer and gives its action. Requires !empty().
  Action take_earliest();

 private:
  struct Slot {
    MonotonicTime when;
    uint64_t order = 0;
    uint32_t heap_at = 0;
    uint32_t generation = 0;
    bool used = false;
    Action action;
  };

  bool before(uint32_t left, uint32_t right) const;
  void place(uint32_t slot, uint32_t heap_at);
  void sift_up(uint32_t heap_at);
  void sift_down(uint32_t heap_at);
  Action remove(uint32_t heap_at);

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<uint32_t> heap_;  // slot numbers
  uint64_t next_order_ = 1;
};

}  // namespace odradek::io
