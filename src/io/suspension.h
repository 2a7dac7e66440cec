#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <utility>

#include "io/loop.h"

namespace odradek::io {

// Why a suspended task goes on.
enum class Wake : uint8_t { kNotified, kTimedOut, kCancelled };

// One task's place to sleep until somebody wakes it; what events, timers and memory streams are
// made of. Lives in the waiting coroutine's frame. Waking posts, so it never runs the task inside
// the caller; the first wake counts. Internal to io/. One loop.
class Suspension {
 public:
  Suspension() = default;
  Suspension(const Suspension&) = delete;
  Suspension& operator=(const Suspension&) = delete;

  // co_await it: suspends until wake(). Cancelling the task wakes it with kCancelled.
  auto wait(Loop& loop) {
    return boost::asio::async_initiate<const boost::asio::deferred_t&, void(Wake)>(
        Initiation{this, &loop, true}, boost::asio::deferred);
  }
  // The same for what must happen in any case (joining tasks): deaf to cancellation.
  auto wait_uncancellable(Loop& loop) {
    return boost::asio::async_initiate<const boost::asio::deferred_t&, void(Wake)>(
        Initiation{this, &loop, false}, boost::asio::deferred);
  }

  // False when nobody waits, or was woken before.
  bool wake(Loop& loop, Wake why) {
    if (!resume_) return false;
    boost::asio::post(loop.context(),
                      [resume = std::exchange(resume_, nullptr), why]() mutable { resume(why); });
    return true;
  }

 private:
  struct Initiation {
    template <class Handler>
    void operator()(Handler&& handler) const {
      if (cancellable) {
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
          slot.assign([self = self, loop = loop](boost::asio::cancellation_type_t) {
            self->wake(*loop, Wake::kCancelled);
          });
        }
      }
      self->resume_ = std::forward<Handler>(handler);
    }

    Suspension* self;
    Loop* loop;
    bool cancellable;
  };

  std::move_only_function<void(Wake)> resume_;
};

}  // namespace odradek::io
