#include "store/cloud/part_pool.h"

#include <utility>

namespace odradek::store::cloud {

PartPool::~PartPool() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void PartPool::submit(std::move_only_function<void()> work) {
  {
    const MutexLock lock(mutex_);
    waiting_.push_back(std::move(work));
    if (waiting_.size() > idle_ && threads_.size() < threads_max_) {
      threads_.emplace_back([this] { work_until_stopped(); });
    }
  }
  changed_.notify_one();
}

void PartPool::work_until_stopped() {
  while (true) {
    std::move_only_function<void()> work;
    {
      const MutexLock lock(mutex_);
      ++idle_;
      while (waiting_.empty() && !stopping_) changed_.wait(mutex_);
      --idle_;
      if (waiting_.empty()) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
  }
}

}  // namespace odradek::store::cloud
