#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>

#include "io/stream.h"

namespace odradek::io {

// TLS over another stream. OpenSSL reads and writes that stream directly, through a BIO of ours,
// so there are no buffers but OpenSSL's own, which it frees while the connection is idle.
// Internal to io/.
class TlsStream final : public Stream {
 public:
  // `under` is connected. Errors: kTls when OpenSSL cannot make a session.
  static Result<std::unique_ptr<TlsStream>> create(Loop& loop, std::unique_ptr<Stream> under,
                                                   std::shared_ptr<SSL_CTX> context);
  ~TlsStream() override;

  // SNI and the name to verify. An IP address is verified as such and not sent.
  Result<void> set_server_name(const std::string& server_name);
  // Errors: kTls in words, kTimedOut, kCancelled.
  Task<Result<void>> handshake(bool as_server, MonotonicTime deadline);

  Task<Result<void>> wait_readable() override;
  Result<size_t> read_now(MutableBytes into) override;
  Result<size_t> write_now(const SliceChain& bytes, size_t skip) override;
  Task<Result<void>> wait_writable() override;
  void close() override;
  std::string peer_address() const override { return under_->peer_address(); }
  std::string local_address() const override { return under_->local_address(); }
  SSL* tls_session() override { return session_.get(); }

 private:
  struct SessionFree {
    void operator()(SSL* session) const { SSL_free(session); }
  };

  TlsStream(Loop& loop, std::unique_ptr<Stream> under, std::shared_ptr<SSL_CTX> context)
      : loop_(&loop), context_(std::move(context)), under_(std::move(under)) {}

  static const BIO_METHOD* bio_method();
  static int bio_read(BIO* bio, char* into, size_t size, size_t* taken);
  static int bio_write(BIO* bio, const char* from, size_t size, size_t* taken);
  static long bio_control(BIO* bio, int command, long number, void* pointer);

  // Whether the handshake is done (true), or what it waits for (false: see wants_write_).
  Result<bool> handshake_step();
  // The meaning of a failed SSL call that is not "try again".
  Error failure(int returned, std::string_view during);

  Loop* loop_;
  std::shared_ptr<SSL_CTX> context_;
  std::unique_ptr<Stream> under_;
  std::unique_ptr<SSL, SessionFree> session_;
  std::optional<Error> under_failure_;  // what made the BIO fail
  bool wants_write_ = false;            // reading needs the stream to take bytes first
  // OpenSSL may hold bytes that epoll does not know of, also from the end of the handshake.
  bool may_have_more_ = true;
  bool closed_ = false;
  bool established_ = false;
  bool broken_ = false;  // after a fatal error close_notify must not be sent
};

}  // namespace odradek::io
