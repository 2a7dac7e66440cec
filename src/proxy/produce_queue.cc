#include "proxy/produce_queue.h"

#include <utility>

#include "proxy/session.h"

namespace odradek::proxy {

void ProduceQueue::push(rpc::Request request, Work work) {
  items_.push_back({std::move(request), work});
  if (std::exchange(is_running_, true)) return;
  tasks_.spawn(run());
}

bool ProduceQueue::finish() {
  if (is_running_) return true;
  if (!has_unanswered_) return false;
  is_running_ = true;
  tasks_.spawn(run());
  return true;
}

io::Task<void> ProduceQueue::run() {
  while (!items_.empty()) {
    Item item = std::move(items_.front());
    items_.pop_front();
    const Result<void> done = co_await item.work(*session_, item.request);
    session_->note_served(item.request);
    if (done || session_->is_closed) continue;
    session_->count_closed(item.request.api_key);
    item.request.responder.close(done.error().to_string());
    break;  // what follows would overtake what failed
  }
  items_.clear();
  is_running_ = false;
  if (session_->is_closed) co_await session_->upstream.finish();
}

io::Task<void> ProduceQueue::join() { co_await tasks_.join(); }

}  // namespace odradek::proxy
