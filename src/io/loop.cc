#include "io/loop.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <chrono>
#include <exception>

#include "base/assert.h"
#include "io/suspension.h"

namespace odradek::io {
namespace asio = boost::asio;

namespace {

constexpr size_t kScratchBytes = 64 * 1024;
constexpr size_t kPageBytes = 4096;

// The kernel copies up to twice as fast to and from aligned memory.
struct alignas(kPageBytes) AlignedPage {
  uint8_t bytes[kPageBytes];
};
constexpr MonotonicTime kNever = MonotonicTime::max();

Task<void> run_uncaught(Task<void> task) {
  // Cancellation is a Result here, never an exception.
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}

}  // namespace

class Loop::Impl {
 public:
  using Alarm = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>,
                                           asio::io_context::executor_type>;

  explicit Impl(Clock* clock)
      : clock_(clock != nullptr ? clock : &system_clock_),
        is_manual_(dynamic_cast<ManualClock*>(clock) != nullptr) {}

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  // Timers own what may own sockets: they go while the context is there. Tasks that still wait go
  // with the context, and may cancel timers on their way.
  ~Impl() { timers_.clear(); }

  Clock* clock() { return clock_; }
  bool is_manual() const { return is_manual_; }

  // One alarm of the system stands for the earliest timer. It is only ever moved forward in time
  // by going off: a cancelled timer leaves a harmless early alarm instead of costing a system call.
  void arm() {
    if (is_manual_ || timers_.empty() || timers_.earliest() >= armed_at_) return;
    armed_at_ = timers_.earliest();
    if (clock_ == &system_clock_) {
      alarm_.expires_at(armed_at_);
    } else {
      alarm_.expires_after(armed_at_ - clock_->now());
    }
    alarm_.async_wait([this](boost::system::error_code failed) {
      if (failed) return;  // moved to an earlier time, or the loop goes away
      armed_at_ = kNever;
      fire_due();
      arm();
    });
  }

  // Fires what is due now; timers added meanwhile have their turn later, so that one which keeps
  // adding itself cannot starve the sockets.
  void fire_due() {
    const MonotonicTime now = clock_->now();
    const uint64_t limit = timers_.next_order();
    while (!timers_.empty() && timers_.earliest() <= now && timers_.earliest_order() < limit) {
      TimerHeap::Action action = timers_.take_earliest();
      action();
    }
  }

  // All timers of the earliest due instant. False when none is due.
  bool fire_one_instant() {
    if (timers_.empty() || timers_.earliest() > clock_->now()) return false;
    const MonotonicTime instant = timers_.earliest();
    const uint64_t limit = timers_.next_order();
    while (!timers_.empty() && timers_.earliest() == instant && timers_.earliest_order() < limit) {
      TimerHeap::Action action = timers_.take_earliest();
      action();
    }
    return true;
  }

  void run() {
    while (!stop_requested_) {
      if (context_.stopped()) context_.restart();
      if (is_manual_ && fire_one_instant()) {
        context_.poll();
      } else if (is_manual_) {
        context_.run_one();
      } else {
        context_.run();
      }
    }
  }

  void stop() {
    stop_requested_ = true;
    context_.stop();
  }

  void run_ready() {
    if (context_.stopped()) context_.restart();
    bool progress = true;
    while (progress) {
      progress = context_.poll() > 0;
      if (is_manual_ && fire_one_instant()) progress = true;
    }
  }

  void run_until(const bool& done) {
    while (!done) {
      if (context_.stopped()) context_.restart();
      if (is_manual_ && fire_one_instant()) {
        context_.poll();
      } else {
        context_.run_one();
      }
    }
  }

  SystemClock system_clock_;
  Clock* clock_;
  const bool is_manual_;
  std::atomic<bool> stop_requested_ = false;
  TimerHeap timers_;
  asio::io_context context_{1};  // one thread runs it
  asio::executor_work_guard<asio::io_context::executor_type> keep_running_{context_.get_executor()};
  Alarm alarm_{context_.get_executor()};
  MonotonicTime armed_at_ = kNever;
  std::unique_ptr<AlignedPage[]> scratch_;
};

Loop::Loop(Clock& clock) : clock_(&clock), impl_(std::make_unique<Impl>(&clock)) {}
Loop::Loop() : clock_(nullptr), impl_(std::make_unique<Impl>(nullptr)) { clock_ = impl_->clock(); }
Loop::~Loop() = default;

void Loop::run() { impl_->run(); }
void Loop::stop() { impl_->stop(); }
void Loop::run_ready() { impl_->run_ready(); }

void Loop::post(std::move_only_function<void()> work) {
  asio::post(impl_->context_, std::move(work));
}

bool Loop::is_current() const { return impl_->context_.get_executor().running_in_this_thread(); }

TimerId Loop::call_at(MonotonicTime when, std::move_only_function<void()> action) {
  const TimerId timer = impl_->timers_.add(when, std::move(action));
  impl_->arm();
  return timer;
}

TimerId Loop::call_after(Duration delay, std::move_only_function<void()> action) {
  return call_at(now() + std::chrono::duration_cast<MonotonicTime::duration>(delay),
                 std::move(action));
}

bool Loop::cancel(TimerId timer) { return impl_->timers_.cancel(timer); }

MutableBytes Loop::scratch() {
  if (impl_->scratch_ == nullptr) {
    impl_->scratch_ = std::make_unique_for_overwrite<AlignedPage[]>(kScratchBytes / kPageBytes);
  }
  return {impl_->scratch_[0].bytes, kScratchBytes};
}

boost::asio::any_io_executor Loop::executor() const { return impl_->context_.get_executor(); }
boost::asio::io_context& Loop::context() { return impl_->context_; }

void Loop::run_to_end(Task<void> task) {
  ODK_ASSERT(!is_current(), "block_on from inside the loop");
  bool done = false;
  std::exception_ptr thrown;
  asio::co_spawn(impl_->context_, run_uncaught(std::move(task)),
                 [&done, &thrown](std::exception_ptr exception) {
                   thrown = std::move(exception);
                   done = true;
                 });
  impl_->run_until(done);
  if (thrown) std::rethrow_exception(thrown);
}

Task<Result<void>> sleep_until(Loop& loop, MonotonicTime when) {
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) co_return Errc::kCancelled;
  Suspension suspension;
  const TimerId timer =
      loop.call_at(when, [&suspension, &loop] { suspension.wake(loop, Wake::kNotified); });
  const Wake wake = co_await suspension.wait(loop);
  if (wake == Wake::kNotified) co_return Result<void>{};
  loop.cancel(timer);
  co_return Errc::kCancelled;
}

Task<Result<void>> sleep(Loop& loop, Duration delay) {
  return sleep_until(loop, loop.now() + std::chrono::duration_cast<MonotonicTime::duration>(delay));
}

}  // namespace odradek::io
