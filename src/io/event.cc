#include "io/event.h"

#include <boost/asio/this_coro.hpp>

#include "io/suspension.h"

namespace odradek::io {
namespace asio = boost::asio;

struct Event::Waiter {
  Suspension suspension;
  Event* event = nullptr;  // nullptr: not in a list
  Waiter* previous = nullptr;
  Waiter* next = nullptr;
  bool event_destroyed = false;
};

Event::~Event() {
  while (first_ != nullptr) {
    Waiter& waiter = *first_;
    remove(waiter);
    waiter.event_destroyed = true;
    waiter.suspension.wake(*loop_, Wake::kNotified);
  }
}

void Event::notify_all() {
  while (first_ != nullptr) {
    Waiter& waiter = *first_;
    remove(waiter);
    waiter.suspension.wake(*loop_, Wake::kNotified);
  }
}

void Event::notify_one() {
  while (first_ != nullptr) {
    Waiter& waiter = *first_;
    remove(waiter);
    // One that timed out or was cancelled a moment ago does not count.
    if (waiter.suspension.wake(*loop_, Wake::kNotified)) return;
  }
}

Task<Result<void>> Event::wait(std::optional<MonotonicTime> deadline) {
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) co_return Errc::kCancelled;

  Loop& loop = *loop_;  // the event may be gone after the wait
  Waiter waiter;
  append(waiter);
  TimerId timer = 0;
  if (deadline) {
    timer = loop.call_at(*deadline,
                         [&waiter, &loop] { waiter.suspension.wake(loop, Wake::kTimedOut); });
  }
  const Wake wake = co_await waiter.suspension.wait(loop);
  if (timer != 0) loop.cancel(timer);
  remove(waiter);
  if (wake == Wake::kTimedOut) co_return Errc::kTimedOut;
  if (wake == Wake::kCancelled) co_return Errc::kCancelled;
  if (waiter.event_destroyed) co_return Errc::kClosed;
  co_return Result<void>{};
}

Task<void> Event::wait_uncancellable() {
  Waiter waiter;
  append(waiter);
  co_await waiter.suspension.wait_uncancellable(*loop_);
}

void Event::append(Waiter& waiter) {
  waiter.event = this;
  waiter.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &waiter;
  last_ = &waiter;
}

void Event::remove(Waiter& waiter) {
  if (waiter.event == nullptr) return;
  (waiter.previous != nullptr ? waiter.previous->next : waiter.event->first_) = waiter.next;
  (waiter.next != nullptr ? waiter.next->previous : waiter.event->last_) = waiter.previous;
  waiter.event = nullptr;
  waiter.previous = nullptr;
  waiter.next = nullptr;
}

}  // namespace odradek::io
