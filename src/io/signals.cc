#include "io/signals.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>

namespace odradek::io {
namespace asio = boost::asio;

class SignalWatch::Impl {
 public:
  explicit Impl(Loop& loop) : signals(loop.context()) {}
  asio::signal_set signals;
};

SignalWatch::SignalWatch(Loop& loop, const std::vector<int>& signals)
    : impl_(std::make_unique<Impl>(loop)) {
  for (const int signal : signals) impl_->signals.add(signal);
}

SignalWatch::~SignalWatch() = default;

Task<Result<int>> SignalWatch::wait() {
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) co_return Errc::kCancelled;
  const auto [failed, signal] = co_await impl_->signals.async_wait(asio::as_tuple(asio::deferred));
  if (failed) co_return Errc::kCancelled;
  co_return int{signal};
}

}  // namespace odradek::io
