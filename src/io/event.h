#pragma once

#include <optional>

#include "io/loop.h"

namespace odradek::io {

// Lets tasks of one loop wait until something happens: notify_all() wakes all that wait now, in
// the order they came. Keeps no state itself: the waiter checks its condition in a loop around
// wait(). Destroying it wakes who waits with kClosed.
class Event {
 public:
  explicit Event(Loop& loop) : loop_(&loop) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event();

  void notify_all();
  void notify_one();  // the one that waits longest
  bool has_waiters() const { return first_ != nullptr; }

  // Until notified (success), `deadline` (kTimedOut), or the task is cancelled (kCancelled).
  Task<Result<void>> wait(std::optional<MonotonicTime> deadline = std::nullopt);
  // The same without deadline and deaf to cancellation: for joining what must end first.
  Task<void> wait_uncancellable();

 private:
  struct Waiter;

  void append(Waiter& waiter);
  static void remove(Waiter& waiter);

  Loop* loop_;
  Waiter* first_ = nullptr;  // the waiters live in the frames of the waiting tasks
  Waiter* last_ = nullptr;
};

}  // namespace odradek::io
