#pragma once

#include <algorithm>
#include <utility>

#include "base/result.h"
#include "io/task_group.h"

namespace odradek::backup {

// What the tasks of one run_at_once() share.
template <class Work>
struct SharedWork {
  Work work;
  size_t count = 0;
  size_t next = 0;
  Result<void> failure{};

  io::Task<void> take_one_after_the_other() {
    while (failure && next < count) {
      const Result<void> done = co_await work(next++);
      if (!done && failure) failure = done;
    }
  }
};

// Runs `work(i)`, a Task<Result<void>>, for every i below `count`, a few at once. After the first
// error, which it gives, no more are begun.
template <class Work>
io::Task<Result<void>> run_at_once(io::Loop& loop, size_t at_once, size_t count, Work work) {
  SharedWork<Work> shared{.work = std::move(work), .count = count};
  io::TaskGroup tasks(loop);
  for (size_t i = 0; i < std::min(at_once, count); ++i) {
    tasks.spawn(shared.take_one_after_the_other());
  }
  co_await tasks.join();
  co_return std::move(shared.failure);
}

}  // namespace odradek::backup
