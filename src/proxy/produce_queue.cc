#include "proxy/produce_queue.h"

#include <utility>

#include "proxy/session.h"

namespace odradek::proxy {

void ProduceQueue::push(rpc::Request request, Work work) {
  items_.push_back({std::move(request), work});
  if (is_running_) {
    changed_.notify_all();
  } else {
    start();
  }
}

void ProduceQueue::start() {
  is_running_ = true;
  tasks_.spawn(run());
}

void ProduceQueue::departed() {
  departing_ = 0;
  changed_.notify_all();
}

io::Task<Result<void>> ProduceQueue::until_alone() {
  while (under_way_ > 1) {
    const Result<void> woken = co_await changed_.wait();
    if (!woken) co_return woken.error();
  }
  co_return Result<void>{};
}

bool ProduceQueue::keep_alone() {
  is_kept_alone_ = under_way_ == 1;
  return is_kept_alone_;
}

bool ProduceQueue::finish() {
  if (is_running_) return true;
  if (!has_unanswered_) return false;
  start();
  return true;
}

bool ProduceQueue::may_begin() const {
  return !items_.empty() && departing_ == 0 && !is_kept_alone_ && under_way_ < kUnderWayMax;
}

io::Task<void> ProduceQueue::run() {
  while (true) {
    // What follows would overtake what failed.
    if (has_failed_) items_.clear();
    if (items_.empty() && under_way_ == 0) break;
    if (!may_begin()) {
      const Result<void> woken = co_await changed_.wait();
      if (!woken) co_return;
      continue;
    }
    Item item = std::move(items_.front());
    items_.pop_front();
    departing_ = ++begun_;
    ++under_way_;
    tasks_.spawn(serve(std::move(item), begun_));
  }
  is_running_ = false;
  if (session_->is_closed) co_await session_->upstream.finish();
}

io::Task<void> ProduceQueue::serve(Item item, uint64_t number) {
  const Result<void> done = co_await item.work(*session_, item.request);
  session_->note_served(item.request);
  if (departing_ == number) departing_ = 0;
  is_kept_alone_ = false;
  --under_way_;
  if (!done && !session_->is_closed) {
    has_failed_ = true;
    session_->count_closed(item.request.api_key);
    item.request.responder.close(done.error().to_string());
  }
  changed_.notify_all();
}

io::Task<void> ProduceQueue::join() { co_await tasks_.join(); }

}  // namespace odradek::proxy
