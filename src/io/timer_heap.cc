#include "io/timer_heap.h"

#include <utility>

#include "base/assert.h"

namespace odradek::io {

TimerId TimerHeap::add(MonotonicTime when, Action action) {
  uint32_t number;
  if (free_slots_.empty()) {
    number = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    number = free_slots_.back();
    free_slots_.pop_back();
  }
  Slot& slot = slots_[number];
  slot.when = when;
  slot.order = next_order_++;
  slot.used = true;
  slot.action = std::move(action);
  heap_.push_back(number);
  place(number, static_cast<uint32_t>(heap_.size() - 1));
  sift_up(slot.heap_at);
  return (uint64_t{slot.generation} << 32U) | (number + 1);
}

bool TimerHeap::cancel(TimerId timer) {
  const auto number = static_cast<uint32_t>(timer & 0xFFFFFFFFU);
  if (number == 0 || number > slots_.size()) return false;
  const Slot& slot = slots_[number - 1];
  if (!slot.used || slot.generation != static_cast<uint32_t>(timer >> 32U)) return false;
  // The action goes away after the heap is whole again: its captures may own things that cancel
  // timers themselves.
  const Action dropped = remove(slot.heap_at);
  return true;
}

void TimerHeap::clear() {
  while (!heap_.empty()) {
    const Action dropped = remove(static_cast<uint32_t>(heap_.size() - 1));
  }
}

TimerHeap::Action TimerHeap::take_earliest() {
  ODK_ASSERT(!heap_.empty());
  return remove(0);
}

TimerHeap::Action TimerHeap::remove(uint32_t heap_at) {
  const uint32_t number = heap_[heap_at];
  const uint32_t last = heap_.back();
  heap_.pop_back();
  if (last != number) {
    place(last, heap_at);
    sift_up(heap_at);
    sift_down(slots_[last].heap_at);
  }
  Slot& slot = slots_[number];
  slot.used = false;
  ++slot.generation;
  free_slots_.push_back(number);
  return std::exchange(slot.action, nullptr);
}

bool TimerHeap::before(uint32_t left, uint32_t right) const {
  const Slot& a = slots_[left];
  const Slot& b = slots_[right];
  return a.when != b.when ? a.when < b.when : a.order < b.order;
}

void TimerHeap::place(uint32_t slot, uint32_t heap_at) {
  heap_[heap_at] = slot;
  slots_[slot].heap_at = heap_at;
}

void TimerHeap::sift_up(uint32_t heap_at) {
  const uint32_t moving = heap_[heap_at];
  while (heap_at > 0) {
    const uint32_t parent = (heap_at - 1) / 2;
    if (!before(moving, heap_[parent])) break;
    place(heap_[parent], heap_at);
    heap_at = parent;
  }
  place(moving, heap_at);
}

void TimerHeap::sift_down(uint32_t heap_at) {
  const uint32_t moving = heap_[heap_at];
  const auto count = static_cast<uint32_t>(heap_.size());
  while (true) {
    uint32_t child = 2 * heap_at + 1;
    if (child >= count) break;
    if (child + 1 < count && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], moving)) break;
    place(heap_[child], heap_at);
    heap_at = child;
  }
  place(moving, heap_at);
}

}  // namespace odradek::io
