#pragma once

#include <memory>
#include <vector>

#include "io/loop.h"

namespace odradek::io {

// Process signals as events of a loop, for main functions: from construction on the given signals
// no longer end the process.
class SignalWatch {
 public:
  SignalWatch(Loop& loop, const std::vector<int>& signals);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

  // The next signal. kCancelled when the task is cancelled.
  Task<Result<int>> wait();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace odradek::io
