#include "io/worker_pool.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace odradek::io {

class WorkerPool::Threads {
 public:
  explicit Threads(size_t count) : pool(count) {}
  boost::asio::thread_pool pool;
};

WorkerPool::WorkerPool(Loop& loop, size_t threads)
    : loop_(&loop), threads_(std::make_unique<Threads>(threads)) {}

WorkerPool::~WorkerPool() { threads_->pool.join(); }

void WorkerPool::submit(std::move_only_function<void()> work) {
  boost::asio::post(threads_->pool, std::move(work));
}

}  // namespace odradek::io
