#include "io/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <list>

#include "base/assert.h"
#include "io/event.h"

namespace odradek::io {
namespace asio = boost::asio;

struct TaskGroup::State {
  explicit State(Loop& its_loop) : loop(&its_loop), changed(its_loop) {}

  // Asio carries cancellation by signals, one for each task. They are emitted on the loop only:
  // from elsewhere the emission would be queued and could outlive the signal.
  void emit_all() {
    for (asio::cancellation_signal& signal : signals) {
      signal.emit(asio::cancellation_type::terminal);
    }
  }

  Loop* loop;
  std::list<asio::cancellation_signal> signals;  // one for each running task
  bool cancelled = false;
  Event changed;  // a task ended
};

namespace {

Task<void> run_task(Loop* loop, bool starts_cancelled, Task<void> task) {
  // Cancellation is a Result in our tasks, never an exception.
  co_await asio::this_coro::throw_if_cancelled(false);
  if (starts_cancelled) co_await asio::post(loop->context(), asio::deferred);
  co_await std::move(task);
}

}  // namespace

TaskGroup::TaskGroup(Loop& loop) : state_(std::make_shared<State>(loop)) {}

TaskGroup::~TaskGroup() {
  ODK_ASSERT(state_->signals.empty(), "{} tasks outlive their group", state_->signals.size());
}

void TaskGroup::spawn(Task<void> task) {
  state_->signals.emplace_back();
  const auto at = std::prev(state_->signals.end());
  // Started on the loop: there co_spawn() runs the task up to its first suspension, so that no
  // cancellation can come in before run_task() has said how it wants to hear of it.
  asio::post(state_->loop->context(), [state = state_, at, task = std::move(task)]() mutable {
    auto ended = [state, at](std::exception_ptr exception) {
      if (exception) std::rethrow_exception(exception);  // out of run(): a bug, or out of memory
      state->signals.erase(at);
      state->changed.notify_all();
    };
    const bool starts_cancelled = state->cancelled;
    asio::co_spawn(state->loop->context(), run_task(state->loop, starts_cancelled, std::move(task)),
                   asio::bind_cancellation_slot(at->slot(), std::move(ended)));
    if (starts_cancelled) at->emit(asio::cancellation_type::terminal);
  });
}

void TaskGroup::cancel() {
  State& state = *state_;
  if (state.cancelled) return;
  state.cancelled = true;
  if (state.loop->is_current()) {
    state.emit_all();
  } else {
    state.loop->post([held = state_] { held->emit_all(); });
  }
}

Task<void> TaskGroup::join() {
  const std::shared_ptr<State> state = state_;
  while (!state->signals.empty()) co_await state->changed.wait_uncancellable();
}

size_t TaskGroup::size() const { return state_->signals.size(); }

void spawn_self_owned(Loop& loop, Task<void> task) {
  asio::post(loop.context(), [&loop, task = std::move(task)]() mutable {
    asio::co_spawn(loop.context(), run_task(&loop, false, std::move(task)),
                   [](std::exception_ptr exception) {
                     if (exception) std::rethrow_exception(exception);
                   });
  });
}

}  // namespace odradek::io
