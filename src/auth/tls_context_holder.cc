#include "auth/tls_context.h"

namespace odradek::auth {

Result<std::unique_ptr<TlsContextHolder>> TlsContextHolder::create(Load load) {
  ODK_TRY(TlsContext context, load());
  return std::make_unique<TlsContextHolder>(std::move(load), std::move(context));
}

Result<void> TlsContextHolder::reload() {
  ODK_TRY(context_, load_());
  return {};
}

}  // namespace odradek::auth
