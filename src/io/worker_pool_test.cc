#include "io/worker_pool.h"

#include <gtest/gtest.h>

#include <thread>

namespace odradek::io {
namespace {

Task<std::thread::id> thread_of_work(WorkerPool& pool) {
  co_return co_await pool.run([] { return std::this_thread::get_id(); });
}

Task<int> sum_of_many(WorkerPool& pool) {
  int sum = 0;
  for (int i = 0; i < 100; ++i) sum += co_await pool.run([i] { return i; });
  co_return sum;
}

TEST(WorkerPool, RunsWorkOnAnotherThread) {
  Loop loop;
  WorkerPool pool(loop, 1);
  EXPECT_NE(loop.block_on(thread_of_work(pool)), std::this_thread::get_id());
}

TEST(WorkerPool, GivesWhatTheWorkReturned) {
  Loop loop;
  WorkerPool pool(loop, 2);
  EXPECT_EQ(loop.block_on(sum_of_many(pool)), 4950);
}

}  // namespace
}  // namespace odradek::io
