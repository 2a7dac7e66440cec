#include "proxy/gather.h"

#include <utility>

namespace odradek::proxy {

rpc::ClientConnection::Completion Gather::slot() {
  const size_t at = state_->answers.size();
  state_->answers.emplace_back(Errc::kCancelled);
  ++state_->outstanding;
  return [state = std::weak_ptr(state_), at](Result<rpc::RawResponse> answer) {
    const std::shared_ptr<State> alive = state.lock();
    if (alive == nullptr) return;
    alive->answers[at] = std::move(answer);
    if (--alive->outstanding == 0) alive->changed.notify_all();
  };
}

io::Task<Result<void>> Gather::wait() {
  while (state_->outstanding > 0) {
    const Result<void> woken = co_await state_->changed.wait();
    if (!woken) co_return woken.error();
  }
  co_return Result<void>{};
}

}  // namespace odradek::proxy
