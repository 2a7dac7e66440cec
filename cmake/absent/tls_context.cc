#include "auth/tls_context.h"

namespace odradek::auth {

Result<TlsContext> make_tls_client_context(const TlsClientOptions& /*options*/) {
  return Error(Errc::kUnsupported, "this libodradek was built without TLS");
}

}  // namespace odradek::auth
