#include "rpc/client_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/address.h"
#include "rpc/client_impl.h"

namespace odradek::rpc {
namespace {

// The stream with TLS where the options ask for it.
io::Task<Result<std::unique_ptr<io::Stream>>> secure(io::Loop* loop,
                                                     std::unique_ptr<io::Stream> stream,
                                                     const ConnectOptions* options) {
  std::shared_ptr<SSL_CTX> context = options->security.tls();
  if (context == nullptr) co_return Error(Errc::kTls, "no TLS context");
  Result<std::unique_ptr<io::Stream>> secured = co_await io::tls_connect(
      *loop, std::move(stream), std::move(context), options->host, options->deadline);
  co_return secured;
}

}  // namespace

ClientConnection::ClientConnection(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

ClientConnection::~ClientConnection() { close(); }

io::Task<Result<std::unique_ptr<ClientConnection>>> ClientConnection::connect(
    io::Loop& loop, ConnectOptions options) {
  Result<std::unique_ptr<io::Stream>> stream =
      co_await io::connect_tcp(loop, options.host, options.port, options.deadline);
  if (!stream) co_return std::move(stream).error();
  Result<std::unique_ptr<ClientConnection>> connection =
      co_await over(loop, *std::move(stream), std::move(options));
  co_return connection;
}

io::Task<Result<std::unique_ptr<ClientConnection>>> ClientConnection::over(
    io::Loop& loop, std::unique_ptr<io::Stream> stream, ConnectOptions options) {
  const MonotonicTime deadline = options.deadline;
  if (options.security.tls) {
    Result<std::unique_ptr<io::Stream>> secured =
        co_await secure(&loop, std::move(stream), &options);
    if (!secured) co_return std::move(secured).error();
    stream = *std::move(secured);
  }
  auto impl = std::make_shared<Impl>(loop, std::move(stream), std::move(options));
  // From here on the connection closes itself when we leave without it.
  std::unique_ptr<ClientConnection> connection(new ClientConnection(impl));
  impl->start();
  Result<void> negotiated = co_await Impl::negotiate(impl, deadline);
  if (!negotiated) co_return std::move(negotiated).error();
  Result<void> authenticated = co_await Impl::authenticate(impl, deadline);
  if (!authenticated) co_return std::move(authenticated).error();
  co_return connection;
}

Result<int16_t> ClientConnection::version_for(proto::ApiKey key, int16_t at_most) const {
  return impl_->version_for(key, at_most);
}

const std::vector<ApiRange>& ClientConnection::peer_apis() const { return impl_->peer_apis; }
const Features& ClientConnection::peer_features() const { return impl_->peer_features; }

io::Task<Result<RawResponse>> ClientConnection::call_raw(proto::ApiKey key, int16_t version,
                                                         SliceChain body, MonotonicTime deadline) {
  return Impl::call(impl_, key, version, std::move(body), deadline, Impl::Urgency::kNormal);
}

void ClientConnection::send(proto::ApiKey key, int16_t version, SliceChain body,
                            MonotonicTime deadline, Completion done) {
  impl_->send(key, version, body, deadline, Impl::Urgency::kNormal, std::move(done));
}

Result<void> ClientConnection::send_no_response(proto::ApiKey key, int16_t version,
                                                SliceChain body) {
  return impl_->send_no_response(key, version, body);
}

bool ClientConnection::is_open() const { return impl_->open; }
void ClientConnection::close() { impl_->end(Error(Errc::kClosed)); }
size_t ClientConnection::in_flight() const { return impl_->in_flight(); }
MonotonicTime ClientConnection::last_used() const { return impl_->last_used; }
std::string ClientConnection::peer_address() const { return impl_->stream->peer_address(); }

void ClientConnection::on_close(std::move_only_function<void(const Error&)> action) {
  impl_->on_close(std::move(action));
}

}  // namespace odradek::rpc
