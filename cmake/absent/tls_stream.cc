#include "io/stream.h"

namespace odradek::io {
namespace {

Error no_tls() { return {Errc::kUnsupported, "this libodradek was built without TLS"}; }

}  // namespace

Task<Result<std::unique_ptr<Stream>>> tls_connect(Loop& /*loop*/, std::unique_ptr<Stream> /*under*/,
                                                  std::shared_ptr<SSL_CTX> /*context*/,
                                                  std::string /*server_name*/,
                                                  MonotonicTime /*deadline*/) {
  co_return no_tls();
}

Task<Result<std::unique_ptr<Stream>>> tls_accept(Loop& /*loop*/, std::unique_ptr<Stream> /*under*/,
                                                 std::shared_ptr<SSL_CTX> /*context*/,
                                                 MonotonicTime /*deadline*/) {
  co_return no_tls();
}

}  // namespace odradek::io
