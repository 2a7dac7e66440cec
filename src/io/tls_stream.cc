#include "io/tls_stream.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "io/tls_error.h"

namespace odradek::io {
namespace {

constexpr size_t kMaxRecordBytes = 16 * 1024;  // of one TLS record (RFC 8446, 5.1)

// The next bytes of `bytes` after `skip`: a view where one slice has enough for a whole record,
// else as many pieces as fit, copied to `record`. Small pieces would cost a record each.
Bytes next_record(const SliceChain& bytes, size_t skip,
                  std::array<uint8_t, kMaxRecordBytes>& record) {
  size_t filled = 0;
  for (const Slice& slice : bytes.slices()) {
    if (skip >= slice.size()) {
      skip -= slice.size();
      continue;
    }
    const Bytes rest = slice.bytes().subspan(skip);
    skip = 0;
    if (filled == 0 && rest.size() >= kMaxRecordBytes) return rest;
    const size_t count = std::min(rest.size(), kMaxRecordBytes - filled);
    std::memcpy(record.data() + filled, rest.data(), count);
    filled += count;
    if (filled == kMaxRecordBytes) break;
  }
  return {record.data(), filled};
}

}  // namespace

Result<std::unique_ptr<TlsStream>> TlsStream::create(Loop& loop, std::unique_ptr<Stream> under,
                                                     std::shared_ptr<SSL_CTX> context) {
  ODK_ASSERT(context != nullptr);
  std::unique_ptr<TlsStream> stream(new TlsStream(loop, std::move(under), std::move(context)));
  ERR_clear_error();
  stream->session_.reset(SSL_new(stream->context_.get()));
  BIO* const bio = BIO_new(bio_method());
  if (stream->session_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return Error(Errc::kTls, "cannot make a session: " + tls_reason(nullptr));
  }
  BIO_set_data(bio, stream.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(stream->session_.get(), bio, bio);
  SSL_set_mode(stream->session_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                           SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                           SSL_MODE_RELEASE_BUFFERS);
  SSL_set_options(stream->session_.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_set_read_ahead(stream->session_.get(), 1);
  return stream;
}

TlsStream::~TlsStream() { TlsStream::close(); }

Result<void> TlsStream::set_server_name(const std::string& server_name) {
  if (server_name.empty()) return {};
  SSL* const session = session_.get();
  X509_VERIFY_PARAM* const parameters = SSL_get0_param(session);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name.c_str()) == 1) return {};
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (SSL_set_tlsext_host_name(session, server_name.c_str()) != 1 ||
      SSL_set1_host(session, server_name.c_str()) != 1) {
    ERR_clear_error();
    return Error(Errc::kTls, fmt::format("\"{}\" cannot be a server's name", server_name));
  }
  ERR_clear_error();
  return {};
}

Task<Result<void>> TlsStream::handshake(bool as_server, MonotonicTime deadline) {
  as_server ? SSL_set_accept_state(session_.get()) : SSL_set_connect_state(session_.get());
  bool timed_out = false;
  const TimerId timer = loop_->call_at(deadline, [this, &timed_out] {
    timed_out = true;
    under_->close();
  });
  Result<void> result;
  while (true) {
    Result<bool> step = handshake_step();
    if (!step) {
      result = std::move(step).error();
      break;
    }
    if (*step) break;
    if (wants_write_) {
      result = co_await under_->wait_writable();
    } else {
      result = co_await under_->wait_readable();
    }
    if (!result) break;
  }
  loop_->cancel(timer);
  if (result) {
    established_ = true;
    co_return result;
  }
  const std::string attempted = fmt::format("TLS handshake with {}", peer_address());
  if (timed_out) co_return Error(Errc::kTimedOut, attempted);
  broken_ = true;
  co_return result.error().with_context(attempted);
}

Result<bool> TlsStream::handshake_step() {
  ERR_clear_error();
  const int returned = SSL_do_handshake(session_.get());
  if (returned == 1) return true;
  const int kind = SSL_get_error(session_.get(), returned);
  wants_write_ = kind == SSL_ERROR_WANT_WRITE;
  if (wants_write_ || kind == SSL_ERROR_WANT_READ) return false;
  Error error = failure(returned, "the peer closed the connection during the handshake");
  if (error.code() == Errc::kClosed) {
    return Error(Errc::kTls,
                 "the peer closed the connection during the handshake "
                 "(does it speak TLS? does it want a client certificate?)");
  }
  return error;
}

Error TlsStream::failure(int returned, std::string_view during) {
  const int kind = SSL_get_error(session_.get(), returned);
  if (kind == SSL_ERROR_ZERO_RETURN) {
    ERR_clear_error();
    return Error(Errc::kClosed);
  }
  broken_ = true;
  if (under_failure_) {
    ERR_clear_error();
    return *std::exchange(under_failure_, std::nullopt);
  }
  // Many peers close TCP without close_notify. Frames carry their lengths, so nothing can be cut
  // unnoticed, and it counts as an ordinary end.
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return Error(Errc::kClosed);
  }
  const std::string reason = tls_reason(session_.get());
  return {Errc::kTls, reason.empty() ? std::string(during) : reason};
}

Task<Result<void>> TlsStream::wait_readable() {
  if (closed_) co_return Errc::kClosed;
  if (may_have_more_) co_return Result<void>{};
  if (std::exchange(wants_write_, false)) co_return co_await under_->wait_writable();
  co_return co_await under_->wait_readable();
}

Result<size_t> TlsStream::read_now(MutableBytes into) {
  if (closed_) return Errc::kClosed;
  if (into.empty()) return size_t{0};
  size_t taken = 0;
  may_have_more_ = true;
  // One call gives one record at most; go on while OpenSSL has more.
  while (taken < into.size()) {
    ERR_clear_error();
    size_t count = 0;
    const int returned =
        SSL_read_ex(session_.get(), into.data() + taken, into.size() - taken, &count);
    if (returned == 1) {
      taken += count;
      continue;
    }
    const int kind = SSL_get_error(session_.get(), returned);
    wants_write_ = kind == SSL_ERROR_WANT_WRITE;
    if (wants_write_ || kind == SSL_ERROR_WANT_READ) {
      may_have_more_ = false;
      break;
    }
    if (taken != 0) break;  // the next call says it again
    return failure(returned, "reading failed");
  }
  return taken;
}

Result<size_t> TlsStream::write_now(const SliceChain& bytes, size_t skip) {
  if (closed_) return Errc::kClosed;
  std::array<uint8_t, kMaxRecordBytes> record;
  size_t taken = 0;
  while (skip + taken < bytes.size()) {
    const Bytes next = next_record(bytes, skip + taken, record);
    ERR_clear_error();
    size_t count = 0;
    const int returned = SSL_write_ex(session_.get(), next.data(), next.size(), &count);
    if (returned == 1) {
      taken += count;
      continue;
    }
    const int kind = SSL_get_error(session_.get(), returned);
    if (kind == SSL_ERROR_WANT_WRITE) break;
    return failure(returned, "writing failed");
  }
  return taken;
}

Task<Result<void>> TlsStream::wait_writable() {
  if (closed_) co_return Errc::kClosed;
  co_return co_await under_->wait_writable();
}

void TlsStream::close() {
  if (std::exchange(closed_, true)) return;
  if (established_ && !broken_) {
    ERR_clear_error();
    SSL_shutdown(session_.get());  // close_notify, when the peer takes it at once
    ERR_clear_error();
  }
  under_->close();
}

// --- OpenSSL's view of the stream below --------------------------------------------------------

const BIO_METHOD* TlsStream::bio_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    BIO_meth_set_read_ex(made, &TlsStream::bio_read);
    BIO_meth_set_write_ex(made, &TlsStream::bio_write);
    BIO_meth_set_ctrl(made, &TlsStream::bio_control);
    return made;
  }();
  return method;
}

int TlsStream::bio_read(BIO* bio, char* into, size_t size, size_t* taken) {
  auto& self = *static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  Result<size_t> count = self.under_->read_now({reinterpret_cast<uint8_t*>(into), size});
  if (!count) {
    if (count.error().code() == Errc::kClosed) {
      BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    } else {
      self.under_failure_ = std::move(count).error();
    }
    return 0;
  }
  if (*count == 0) BIO_set_retry_read(bio);
  *taken = *count;
  return *count > 0 ? 1 : 0;
}

int TlsStream::bio_write(BIO* bio, const char* from, size_t size, size_t* taken) {
  auto& self = *static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const Bytes bytes(reinterpret_cast<const uint8_t*>(from), size);
  Result<size_t> count = self.under_->write_now(SliceChain(Slice::of_static(bytes)), 0);
  if (!count) {
    // After the peer's end OpenSSL still tries to send an alert; that failure explains nothing.
    if (BIO_test_flags(bio, BIO_FLAGS_IN_EOF) == 0) {
      self.under_failure_ = std::move(count).error();
    }
    return 0;
  }
  if (*count == 0) BIO_set_retry_write(bio);
  *taken = *count;
  return *count > 0 ? 1 : 0;
}

long TlsStream::bio_control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default: return 0;
  }
}

// --- Handshakes --------------------------------------------------------------------------------

Task<Result<std::unique_ptr<Stream>>> tls_connect(Loop& loop, std::unique_ptr<Stream> under,
                                                  std::shared_ptr<SSL_CTX> context,
                                                  std::string server_name, MonotonicTime deadline) {
  ODK_CO_TRY(auto stream, TlsStream::create(loop, std::move(under), std::move(context)));
  ODK_CO_TRY_VOID(stream->set_server_name(server_name));
  Result<void> done = co_await stream->handshake(false, deadline);
  if (!done) co_return std::move(done).error();
  co_return std::unique_ptr<Stream>(std::move(stream));
}

Task<Result<std::unique_ptr<Stream>>> tls_accept(Loop& loop, std::unique_ptr<Stream> under,
                                                 std::shared_ptr<SSL_CTX> context,
                                                 MonotonicTime deadline) {
  ODK_CO_TRY(auto stream, TlsStream::create(loop, std::move(under), std::move(context)));
  Result<void> done = co_await stream->handshake(true, deadline);
  if (!done) co_return std::move(done).error();
  co_return std::unique_ptr<Stream>(std::move(stream));
}

}  // namespace odradek::io
