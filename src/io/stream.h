#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <utility>

#include "base/slice.h"
#include "io/loop.h"

namespace odradek::io {

// A connected byte stream: TCP, TLS over TCP, or memory. Belongs to one loop. At most one reader
// and one writer at a time. close() may be called at any moment and makes both fail with kClosed.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  // Suspends until read_now() has something to say. Holds no buffer meanwhile.
  virtual Task<Result<void>> wait_readable() = 0;
  // Reads what is there, without waiting: bytes read (> 0), or 0 when nothing is there yet.
  // kClosed at the orderly end of the stream, kNetwork when it broke.
  virtual Result<size_t> read_now(MutableBytes into) = 0;
  // Writes as much as the peer takes right now, without waiting: bytes taken, maybe 0.
  virtual Result<size_t> write_now(const SliceChain& bytes, size_t skip) = 0;
  // Suspends until write_now() can take more.
  virtual Task<Result<void>> wait_writable() = 0;
  // Writes everything (gathered).
  Task<Result<void>> write(SliceChain bytes);
  // Reads exactly into.size() bytes.
  Task<Result<void>> read_exactly(MutableBytes into);

  virtual void close() = 0;

  virtual std::string peer_address() const = 0;   // "127.0.0.1:54321"
  virtual std::string local_address() const = 0;  // the address the peer reached
  // TLS streams: the session, for the peer's certificate and SNI. nullptr otherwise.
  virtual SSL* tls_session() { return nullptr; }
};

// TCP connection with TCP_NODELAY. Tries every address the name resolves to, until `deadline`.
// Errors: kNetwork (name or connect, in words), kTimedOut.
Task<Result<std::unique_ptr<Stream>>> connect_tcp(Loop& loop, std::string host, uint16_t port,
                                                  MonotonicTime deadline);

// TLS handshakes over a connected stream. `server_name` is sent as SNI and, unless the context
// does not verify, checked against the certificate. Errors: kTls with OpenSSL's reason, kTimedOut.
Task<Result<std::unique_ptr<Stream>>> tls_connect(Loop& loop, std::unique_ptr<Stream> under,
                                                  std::shared_ptr<SSL_CTX> context,
                                                  std::string server_name, MonotonicTime deadline);
Task<Result<std::unique_ptr<Stream>>> tls_accept(Loop& loop, std::unique_ptr<Stream> under,
                                                 std::shared_ptr<SSL_CTX> context,
                                                 MonotonicTime deadline);

// Two connected in-memory streams of one loop, each direction buffering at most `capacity` bytes.
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> memory_streams(Loop& loop,
                                                                           size_t capacity = 256 *
                                                                                             1024);

// Listens on "host:port" parts; port 0 takes a free one.
class Listener {
 public:
  // Errors: kNetwork ("cannot listen on 127.0.0.1:9092: address already in use").
  static Result<std::unique_ptr<Listener>> bind(Loop& loop, const std::string& host, uint16_t port);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener() = default;

  // The next connection. Out of file descriptors: waits and goes on. kClosed after close().
  virtual Task<Result<std::unique_ptr<Stream>>> accept() = 0;
  virtual uint16_t port() const = 0;
  virtual std::string address() const = 0;  // "127.0.0.1:9092"
  virtual void close() = 0;

 protected:
  Listener() = default;
};

}  // namespace odradek::io
