#include "io/tcp_stream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>
#include <cerrno>
#include <utility>

#include "io/address.h"
#include "io/system_error.h"

namespace odradek::io {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr size_t kMaxPieces = 64;  // of one sendmsg

// Fills `pieces` with the bytes after `skip`; returns how many were filled.
size_t gather(const SliceChain& bytes, size_t skip, std::array<iovec, kMaxPieces>& pieces,
              size_t& gathered_bytes) {
  size_t count = 0;
  gathered_bytes = 0;
  for (const Slice& slice : bytes.slices()) {
    if (skip >= slice.size()) {
      skip -= slice.size();
      continue;
    }
    if (count == kMaxPieces) break;
    // sendmsg() takes non-const pointers and does not write to them.
    pieces[count].iov_base = const_cast<uint8_t*>(slice.data() + skip);
    pieces[count].iov_len = slice.size() - skip;
    gathered_bytes += slice.size() - skip;
    ++count;
    skip = 0;
  }
  return count;
}

// Counts who waits, also when the loop goes away with the waiting task.
class Waiting {
 public:
  explicit Waiting(int& count) : count_(count) { ++count_; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { --count_; }

 private:
  int& count_;
};

}  // namespace

std::string endpoint_text(const tcp::endpoint& endpoint) {
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return HostPort{address.to_string(), endpoint.port()}.to_string();
}

TcpStream::TcpStream(TcpSocket socket) : socket_(std::move(socket)) {
  // A peer that is gone already makes these fail; the first read then says so.
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  peer_ = socket_.remote_endpoint(ignored);
  local_ = socket_.local_endpoint(ignored);
}

TcpStream::~TcpStream() {
  ODK_ASSERT(waiting_ == 0, "a task still waits on the stream to {}", peer_address());
}

Task<Result<void>> TcpStream::wait(asio::socket_base::wait_type what) {
  if (closed_) co_return Errc::kClosed;
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) co_return Errc::kCancelled;
  const Waiting waiting(waiting_);
  const auto [failed] = co_await socket_.async_wait(what, asio::as_tuple(asio::deferred));
  if (closed_) co_return Errc::kClosed;
  if (failed == asio::error::operation_aborted) co_return Errc::kCancelled;
  if (failed) co_return network_error(peer_address(), failed.value());
  co_return Result<void>{};
}

Task<Result<void>> TcpStream::wait_readable() { return wait(asio::socket_base::wait_read); }
Task<Result<void>> TcpStream::wait_writable() { return wait(asio::socket_base::wait_write); }

Result<size_t> TcpStream::read_now(MutableBytes into) {
  if (closed_) return Errc::kClosed;
  if (into.empty()) return size_t{0};
  while (true) {
    const ssize_t count = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
    if (count > 0) return static_cast<size_t>(count);
    if (count == 0) return Errc::kClosed;
    const int failed = errno;
    if (failed == EAGAIN) return size_t{0};
    if (failed != EINTR) return network_error(peer_address(), failed);
  }
}

Result<size_t> TcpStream::write_now(const SliceChain& bytes, size_t skip) {
  if (closed_) return Errc::kClosed;
  size_t taken = 0;
  while (skip + taken < bytes.size()) {
    std::array<iovec, kMaxPieces> pieces;
    size_t gathered_bytes = 0;
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = gather(bytes, skip + taken, pieces, gathered_bytes);
    const ssize_t count = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      const int failed = errno;
      if (failed == EINTR) continue;
      if (failed == EAGAIN) break;
      return network_error(peer_address(), failed);
    }
    taken += static_cast<size_t>(count);
    if (static_cast<size_t>(count) < gathered_bytes) break;  // the socket's buffer is full
  }
  return taken;
}

void TcpStream::close() {
  if (std::exchange(closed_, true)) return;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace odradek::io
