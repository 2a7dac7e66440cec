#pragma once

#include <chrono>
#include <condition_variable>

#include "base/mutex.h"

namespace odradek::client {

// Lets threads of the program wait for a change of what a Mutex guards. Waiters check in a loop.
class Condition {
 public:
  void notify_all() { condition_.notify_all(); }

  // False when `deadline` passed. The mutex is held before and after, not during the wait.
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline)
      ODK_THREAD_ANNOTATION(requires_capability(mutex)) {
    return condition_.wait_until(mutex, deadline) == std::cv_status::no_timeout;
  }

 private:
  std::condition_variable_any condition_;
};

}  // namespace odradek::client
