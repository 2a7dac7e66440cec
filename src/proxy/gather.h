#pragma once

#include <memory>
#include <vector>

#include "io/event.h"
#include "io/loop.h"
#include "rpc/client_connection.h"

namespace odradek::proxy {

// Waits for several upstream answers at once: one completion per call, then wait(). Answers that
// come after the gatherer is gone are dropped. One loop.
class Gather {
 public:
  explicit Gather(io::Loop& loop) : state_(std::make_shared<State>(loop)) {}

  // For ClientConnection::send(); its answer becomes answers()[n] for the n-th call.
  rpc::ClientConnection::Completion slot();
  // Done when every slot has its answer. kCancelled when the task is cancelled before.
  io::Task<Result<void>> wait();
  std::vector<Result<rpc::RawResponse>>& answers() { return state_->answers; }

 private:
  struct State {
    explicit State(io::Loop& loop) : changed(loop) {}
    io::Event changed;
    std::vector<Result<rpc::RawResponse>> answers;
    size_t outstanding = 0;
  };
  std::shared_ptr<State> state_;
};

}  // namespace odradek::proxy
