#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "odradek/function.h"
#include "odradek/result.h"

namespace odradek::kafka {

// True on the thread of a Client: where callbacks run and awaiting coroutines go on. Blocking
// calls refuse to work there.
bool on_client_thread();

// Runs what it is given, soon, on threads of the program's own choice.
using Executor = UniqueFunction<void(UniqueFunction<void()>)>;

namespace detail {

// Runs it; what it throws is logged and swallowed.
void run_guarded(UniqueFunction<void()>& function) noexcept;

// What an Op and its producer share, counted by both.
class OpStateBase {
 public:
  OpStateBase() = default;
  OpStateBase(const OpStateBase&) = delete;
  OpStateBase& operator=(const OpStateBase&) = delete;
  virtual ~OpStateBase() = default;

  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }

  bool is_done() const { return is_done_.load(std::memory_order_acquire); }
  // False, and `continuation` is not used, when the operation is done already. Otherwise it runs
  // once, when the operation ends, on the thread that ends it.
  bool on_done(UniqueFunction<void()>& continuation);
  // False when `deadline` passes first.
  bool wait_until(std::chrono::steady_clock::time_point deadline);

 protected:
  // The value is there: wakes who waits, or runs the continuation.
  void finish();

 private:
  void destroy() { std::unique_ptr<OpStateBase> freed(this); }

  std::atomic<int> references_{1};
  std::atomic<bool> is_done_{false};
  std::mutex mutex_;
  std::condition_variable done_;
  UniqueFunction<void()> continuation_;
};

template <class T>
class OpState final : public OpStateBase {
 public:
  void set(Result<T> value) {
    value_.emplace(std::move(value));
    finish();
  }
  Result<T> take() {
    if (!value_) return KafkaError(ErrorKind::state, "the result was taken before");
    Result<T> value = *std::move(value_);
    value_.reset();
    return value;
  }

 private:
  std::optional<Result<T>> value_;
};

}  // namespace detail

// An operation under way. Use it in one of three ways: co_await it, in any coroutine type; get(),
// which blocks; or then(), with a callback. Every operation ends by itself, at the latest with a
// timeout error, also when its client is destroyed. Dropping an Op does not stop the operation.
// An Op belongs to one thread at a time; it may be handed to another.
template <class T>
class [[nodiscard]] Op {
 public:
  // Done already.
  static Op ready(Result<T> value) {
    Op op(std::make_unique<detail::OpState<T>>().release());
    op.state_->set(std::move(value));
    return op;
  }
  // Takes over one reference to `state`. For the library.
  explicit Op(detail::OpState<T>* state) : state_(state) {}

  Op(Op&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)), executor_(std::move(other.executor_)) {}
  Op& operator=(Op&& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(executor_, other.executor_);
    return *this;
  }
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;
  ~Op() {
    if (state_ != nullptr) state_->release();
  }

  bool is_done() const { return state_->is_done(); }

  // Blocks until done. ErrorKind::state on a client's own thread, where it would wait for itself.
  Result<T> get() { return get_until(std::chrono::steady_clock::time_point::max()); }
  // Blocks for at most `wait`, then ErrorKind::timeout; the operation goes on, and get() may be
  // called again.
  Result<T> get(std::chrono::milliseconds wait) {
    return get_until(std::chrono::steady_clock::now() + wait);
  }

  // Calls `callback(Result<T>)` once: now, when done already, or later on the client's thread.
  // What it throws is swallowed.
  template <class F>
  void then(F callback) && {
    auto* const state = state_;
    state->retain();
    UniqueFunction<void()> run = [state, call = std::move(callback)]() mutable {
      Result<T> value = state->take();
      state->release();
      call(std::move(value));
    };
    if (!state->on_done(run)) detail::run_guarded(run);
  }

  // Makes an awaiting coroutine go on through `executor` instead of on the client's thread.
  Op via(Executor executor) && {
    executor_ = std::move(executor);
    return std::move(*this);
  }

  bool await_ready() const { return state_->is_done(); }
  bool await_suspend(std::coroutine_handle<> waiting) {
    UniqueFunction<void()> resume = [waiting] { waiting.resume(); };
    if (!executor_) return state_->on_done(resume);
    UniqueFunction<void()> hop = [executor = std::move(executor_),
                                  run = std::move(resume)]() mutable { executor(std::move(run)); };
    return state_->on_done(hop);
  }
  Result<T> await_resume() { return state_->take(); }

 private:
  Result<T> get_until(std::chrono::steady_clock::time_point deadline) {
    if (!state_->is_done()) {
      if (on_client_thread()) {
        return KafkaError(ErrorKind::state, "blocking call on the client's own thread");
      }
      if (!state_->wait_until(deadline)) return KafkaError(ErrorKind::timeout, "waiting");
    }
    return state_->take();
  }

  detail::OpState<T>* state_;
  Executor executor_;
};

}  // namespace odradek::kafka
