#include "odradek/op.h"

#include "client/client_thread.h"

namespace odradek::kafka {
namespace {

thread_local bool is_client_thread = false;

}  // namespace

bool on_client_thread() { return is_client_thread; }

namespace detail {

void run_guarded(UniqueFunction<void()>& function) noexcept { client::run_user_code(function); }

bool OpStateBase::on_done(UniqueFunction<void()>& continuation) {
  const std::lock_guard lock(mutex_);
  if (is_done()) return false;
  continuation_ = std::move(continuation);
  return true;
}

bool OpStateBase::wait_until(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  // Waiting until time_point::max() overflows inside some implementations.
  if (deadline == std::chrono::steady_clock::time_point::max()) {
    done_.wait(lock, [this] { return is_done(); });
    return true;
  }
  return done_.wait_until(lock, deadline, [this] { return is_done(); });
}

void OpStateBase::finish() {
  UniqueFunction<void()> continuation;
  {
    const std::lock_guard lock(mutex_);
    is_done_.store(true, std::memory_order_release);
    continuation = std::move(continuation_);
  }
  // Without the lock, which a thread that wakes needs at once. Who calls this holds a reference.
  done_.notify_all();
  client::run_user_code(continuation);
}

}  // namespace detail
}  // namespace odradek::kafka

namespace odradek::client {

void mark_client_thread() { kafka::is_client_thread = true; }

}  // namespace odradek::client
