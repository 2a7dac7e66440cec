#pragma once

#include <deque>
#include <utility>

#include "io/event.h"

namespace odradek::io {

// Hands values from one task to another of the same loop; the producer waits when `capacity`
// values are under way.
template <class T>
class BoundedQueue {
 public:
  BoundedQueue(Loop& loop, size_t capacity) : capacity_(capacity), changed_(loop) {}

  // Waits for room. kClosed after close(); kCancelled.
  Task<Result<void>> push(T value) {
    while (!closed_ && values_.size() >= capacity_) {
      Result<void> woken = co_await changed_.wait();
      if (!woken) co_return woken;
    }
    if (closed_) co_return Errc::kClosed;
    values_.push_back(std::move(value));
    changed_.notify_all();
    co_return Result<void>{};
  }

  // Waits for a value. kClosed when the queue is closed and empty; kCancelled.
  Task<Result<T>> pop() {
    while (values_.empty()) {
      if (closed_) co_return Errc::kClosed;
      Result<void> woken = co_await changed_.wait();
      if (!woken) co_return std::move(woken).error();
    }
    T value = std::move(values_.front());
    values_.pop_front();
    changed_.notify_all();
    co_return value;
  }

  // Wakes both sides; values already in the queue can still be taken.
  void close() {
    closed_ = true;
    changed_.notify_all();
  }

 private:
  size_t capacity_;
  bool closed_ = false;
  std::deque<T> values_;
  Event changed_;
};

}  // namespace odradek::io
