#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "io/task.h"
#include "io/timer_heap.h"

namespace boost::asio {
class io_context;
}

namespace odradek::io {

// One thread's event loop: sockets, timers, posted work. Every object that takes a Loop& belongs
// to that loop and is used from its thread alone; other threads only post().
class Loop {
 public:
  // `clock` drives timers and deadlines and must outlive the loop. With a ManualClock timers fire
  // in deadline order once the clock was advanced and the loop runs (run_ready, block_on, run),
  // and never by themselves.
  explicit Loop(Clock& clock);
  Loop();  // with the system's clock
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // Runs until stop(). Called once, by the thread that owns the loop. block_on() and run_ready()
  // still work afterwards, for awaiting the stop() of what ran on it.
  void run();
  // Makes run() return soon. Any thread.
  void stop();
  // Runs `work` on the loop, later. Any thread.
  void post(std::move_only_function<void()> work);
  bool is_current() const;  // called on the loop's own thread while it runs?

  // Runs the loop until the task is done and gives its value: for main functions, tests, and
  // blocking facades whose loop has no thread of its own. Not from inside the loop.
  template <class T>
  T block_on(Task<T> task);

  const Clock& clock() const { return *clock_; }
  MonotonicTime now() const { return clock_->now(); }

  // Calls `action` on the loop at `when`, unless cancelled before. O(log n).
  TimerId call_at(MonotonicTime when, std::move_only_function<void()> action);
  TimerId call_after(Duration delay, std::move_only_function<void()> action);
  // True when the timer had not fired yet. The id of a fired timer is harmless.
  bool cancel(TimerId timer);

  // With a ManualClock: runs ready work and due timers until nothing is left to do now. Wall
  // clock loops: runs what is ready without waiting. For tests.
  void run_ready();

  // 64 KiB for reading from sockets, shared by all of the loop: its content is valid only until
  // the next suspension or the next call of a function that reads a stream.
  MutableBytes scratch();

  boost::asio::any_io_executor executor() const;
  boost::asio::io_context& context();  // for io/ and http/

 private:
  class Impl;

  void run_to_end(Task<void> task);

  Clock* clock_;
  std::unique_ptr<Impl> impl_;
};

// Waits until `when`; kCancelled when the awaiting task is cancelled before.
Task<Result<void>> sleep_until(Loop& loop, MonotonicTime when);
Task<Result<void>> sleep(Loop& loop, Duration delay);

}  // namespace odradek::io

#include "io/loop_inl.h"
