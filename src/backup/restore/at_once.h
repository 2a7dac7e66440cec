#pragma once

#include <algorithm>

#include "base/result.h"
#include "io/task_group.h"

namespace odradek::backup {

// Runs `work(i)`, a Task<Result<void>>, for every i below `count`, a few at once. After the first
// error, which it gives, no more are begun.
template <class Work>
io::Task<Result<void>> run_at_once(io::Loop& loop, size_t at_once, size_t count, Work work) {
  size_t next = 0;
  Result<void> failure;
  const auto take_one_after_the_other = [&]() -> io::Task<void> {
    while (failure && next < count) {
      const Result<void> done = co_await work(next++);
      if (!done && failure) failure = done;
    }
  };
  io::TaskGroup tasks(loop);
  for (size_t i = 0; i < std::min(at_once, count); ++i) tasks.spawn(take_one_after_the_other());
  co_await tasks.join();
  co_return failure;
}

}  // namespace odradek::backup
