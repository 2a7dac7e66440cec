#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <vector>

#include "io/address.h"
#include "io/resolve.h"
#include "io/system_error.h"
#include "io/tcp_stream.h"

namespace odradek::io {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// Tries one address until `deadline`.
Task<Result<std::unique_ptr<Stream>>> connect_one(Loop& loop, tcp::endpoint endpoint,
                                                  MonotonicTime deadline) {
  TcpSocket socket(loop.context().get_executor());
  bool timed_out = false;
  const TimerId timer = loop.call_at(deadline, [&socket, &timed_out] {
    timed_out = true;
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  const auto [failed] = co_await socket.async_connect(endpoint, asio::as_tuple(asio::deferred));
  loop.cancel(timer);
  const std::string attempted = fmt::format("cannot connect to {}", endpoint_text(endpoint));
  if (timed_out) co_return Error(Errc::kTimedOut, attempted);
  if (failed == asio::error::operation_aborted) co_return Error(Errc::kCancelled, attempted);
  if (failed) co_return network_error(attempted, failed.value());
  // Connecting made Asio watch for room to write, which would wake the loop after every wait for
  // as long as the socket is registered so: it is taken out and put in anew.
  boost::system::error_code refused;
  TcpSocket fresh(loop.context().get_executor());
  fresh.assign(endpoint.protocol(), socket.release(refused), refused);
  if (refused) co_return network_error(attempted, refused.value());
  co_return std::make_unique<TcpStream>(std::move(fresh));
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> connect_tcp(Loop& loop, std::string host, uint16_t port,
                                                  MonotonicTime deadline) {
  Result<std::vector<tcp::endpoint>> found = co_await resolve(loop, host, port, deadline);
  if (!found) co_return std::move(found).error();

  Error last(Errc::kTimedOut,
             fmt::format("cannot connect to {}", HostPort{host, port}.to_string()));
  for (size_t i = 0; i < found->size(); ++i) {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) co_return Errc::kCancelled;
    const MonotonicTime now = loop.now();
    if (now >= deadline) break;
    // Each address gets its share of the time left, so that one which swallows packets does not
    // keep us from the next.
    const MonotonicTime until = now + (deadline - now) / static_cast<int64_t>(found->size() - i);
    Result<std::unique_ptr<Stream>> stream = co_await connect_one(loop, (*found)[i], until);
    if (stream || stream.error().code() == Errc::kCancelled) co_return stream;
    last = std::move(stream).error();
  }
  co_return last;
}

}  // namespace odradek::io
