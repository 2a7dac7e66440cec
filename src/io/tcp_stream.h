#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <string>

#include "io/stream.h"

namespace odradek::io {

using TcpSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// "127.0.0.1:9092", IPv6 in brackets; IPv4 addresses mapped into IPv6 are shown as IPv4.
std::string endpoint_text(const boost::asio::ip::tcp::endpoint& endpoint);

// A connected TCP socket. Owns nothing but the socket: no buffers. Internal to io/.
class TcpStream final : public Stream {
 public:
  // `socket` is connected; it becomes non-blocking, without Nagle's delay, with keepalive.
  explicit TcpStream(TcpSocket socket);
  // No task may wait on it any more.
  ~TcpStream() override;

  Task<Result<void>> wait_readable() override;
  Result<size_t> read_now(MutableBytes into) override;
  Result<size_t> write_now(const SliceChain& bytes, size_t skip) override;
  Task<Result<void>> wait_writable() override;
  void close() override;
  std::string peer_address() const override { return endpoint_text(peer_); }
  std::string local_address() const override { return endpoint_text(local_); }

 private:
  Task<Result<void>> wait(boost::asio::socket_base::wait_type what);

  TcpSocket socket_;
  boost::asio::ip::tcp::endpoint peer_;
  boost::asio::ip::tcp::endpoint local_;
  int waiting_ = 0;
  bool closed_ = false;
};

}  // namespace odradek::io
