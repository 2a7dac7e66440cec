#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace odradek::store::cloud {

// Threads that send the parts of all writers of one store. They start when there is work, up to a
// limit, and end with the pool, which must outlive the writers.
class PartPool {
 public:
  explicit PartPool(size_t threads_max) : threads_max_(threads_max) {}
  PartPool(const PartPool&) = delete;
  PartPool& operator=(const PartPool&) = delete;
  ~PartPool();

  void submit(std::move_only_function<void()> work);

 private:
  void work_until_stopped();

  const size_t threads_max_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::move_only_function<void()>> waiting_ ODK_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ODK_GUARDED_BY(mutex_);
  size_t idle_ ODK_GUARDED_BY(mutex_) = 0;
  bool stopping_ ODK_GUARDED_BY(mutex_) = false;
};

}  // namespace odradek::store::cloud
