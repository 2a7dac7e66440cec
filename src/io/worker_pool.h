#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "io/event.h"
#include "io/loop.h"

namespace odradek::io {

// Threads for work that blocks or computes for long (file systems, compression), awaited from the
// tasks of one loop. Everything awaited must be done before the pool is destroyed.
class WorkerPool {
 public:
  WorkerPool(Loop& loop, size_t threads);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  // Runs `work` on a thread of the pool and gives what it returns (not void). Is not cancelled:
  // what `work` refers to may live in the awaiting coroutine.
  template <class Work>
  Task<std::invoke_result_t<Work>> run(Work work) {
    std::optional<std::invoke_result_t<Work>> result;
    Event done(*loop_);
    bool is_done = false;
    submit([&result, &work, &done, &is_done, loop = loop_] {
      result.emplace(work());
      loop->post([&done, &is_done] {
        is_done = true;
        done.notify_all();
      });
    });
    while (!is_done) co_await done.wait_uncancellable();
    co_return *std::move(result);
  }

 private:
  class Threads;
  void submit(std::move_only_function<void()> work);

  Loop* loop_;
  std::unique_ptr<Threads> threads_;
};

}  // namespace odradek::io
