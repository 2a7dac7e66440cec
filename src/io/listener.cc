#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/this_coro.hpp>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/log.h"
#include "io/address.h"
#include "io/event.h"
#include "io/system_error.h"
#include "io/tcp_stream.h"

namespace odradek::io {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr int kBacklog = 4096;
constexpr Duration kOutOfDescriptorsPause = std::chrono::milliseconds(100);

using TcpAcceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

// The address to bind: numeric, or a name of this machine (its IPv4 address when it has both).
Result<tcp::endpoint> bind_address(const std::string& host, uint16_t port) {
  boost::system::error_code not_numeric;
  const asio::ip::address numeric = asio::ip::make_address(host, not_numeric);
  if (!not_numeric) return tcp::endpoint(numeric, port);

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failed != 0) return Error(Errc::kNetwork, ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  if (found == nullptr) return Error(Errc::kNetwork, fmt::format("{} has no address", host));
  const addrinfo* chosen = found;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET) continue;
    chosen = entry;
    break;
  }
  tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), chosen->ai_addr, chosen->ai_addrlen);
  endpoint.resize(chosen->ai_addrlen);
  endpoint.port(port);
  return endpoint;
}

bool is_out_of_descriptors(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM;
}

class TcpListener final : public Listener {
 public:
  TcpListener(Loop& loop, TcpAcceptor acceptor)
      : loop_(&loop), acceptor_(std::move(acceptor)), closing_(loop), spare_(open_spare()) {
    boost::system::error_code ignored;
    local_ = acceptor_.local_endpoint(ignored);
  }
  ~TcpListener() override {
    if (spare_ >= 0) ::close(spare_);
  }

  Task<Result<std::unique_ptr<Stream>>> accept() override;
  uint16_t port() const override { return local_.port(); }
  std::string address() const override { return endpoint_text(local_); }
  void close() override {
    if (std::exchange(closed_, true)) return;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    closing_.notify_all();
  }

 private:
  static int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

  // Takes a connection off the queue with the spare descriptor and drops it, so that its client
  // learns at once instead of waiting for a timeout.
  void turn_away_one() {
    if (spare_ >= 0) ::close(std::exchange(spare_, -1));
    const int fd = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) ::close(fd);
    spare_ = open_spare();
    ODK_LOG(warn, "out of file descriptors, connection turned away", kv("listener", address()));
  }

  Loop* loop_;
  TcpAcceptor acceptor_;
  tcp::endpoint local_;
  Event closing_;
  int spare_;
  bool closed_ = false;
};

Task<Result<std::unique_ptr<Stream>>> TcpListener::accept() {
  while (!closed_) {
    const int fd =
        ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      TcpSocket socket(loop_->context().get_executor());
      boost::system::error_code failed;
      socket.assign(local_.protocol(), fd, failed);
      if (!failed) co_return std::make_unique<TcpStream>(std::move(socket));
      ::close(fd);
      continue;
    }
    const int error_number = errno;
    if (is_out_of_descriptors(error_number)) {
      turn_away_one();
      Result<void> paused = co_await closing_.wait(loop_->now() + kOutOfDescriptorsPause);
      if (!paused && paused.error().code() == Errc::kCancelled) co_return Errc::kCancelled;
      continue;
    }
    if (error_number != EAGAIN) continue;  // the client was gone before we took it
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) co_return Errc::kCancelled;
    const auto [failed] =
        co_await acceptor_.async_wait(asio::socket_base::wait_read, asio::as_tuple(asio::deferred));
    if (failed && !closed_) co_return Errc::kCancelled;
  }
  co_return Errc::kClosed;
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::bind(Loop& loop, const std::string& host,
                                                 uint16_t port) {
  const std::string attempted =
      fmt::format("cannot listen on {}", HostPort{host, port}.to_string());
  Result<tcp::endpoint> endpoint = bind_address(host, port);
  if (!endpoint) return endpoint.error().with_context(attempted);

  boost::system::error_code failed;
  TcpAcceptor acceptor(loop.context().get_executor());
  acceptor.open(endpoint->protocol(), failed);
  if (!failed) acceptor.set_option(asio::socket_base::reuse_address(true), failed);
  if (!failed && endpoint->address().is_v6() && endpoint->address().is_unspecified()) {
    boost::system::error_code ignored;  // "::" serves IPv4 too where the system can
    acceptor.set_option(asio::ip::v6_only(false), ignored);
  }
  if (!failed) acceptor.bind(*endpoint, failed);
  if (!failed) acceptor.listen(kBacklog, failed);
  if (!failed) acceptor.non_blocking(true, failed);
  if (failed) return network_error(attempted, failed.value());
  return std::unique_ptr<Listener>(std::make_unique<TcpListener>(loop, std::move(acceptor)));
}

}  // namespace odradek::io
