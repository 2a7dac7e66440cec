#include "cluster/security.h"

#include <fmt/format.h>

namespace odradek::cluster {

Result<rpc::ClientSecurity> make_client_security(const SecurityOptions& options) {
  const bool with_tls = options.protocol == "SSL" || options.protocol == "SASL_SSL";
  const bool with_sasl = options.protocol.starts_with("SASL_");
  if (!with_tls && options.protocol != "PLAINTEXT" && options.protocol != "SASL_PLAINTEXT") {
    return Error(Errc::kConfig,
                 fmt::format("security protocol {} is none of PLAINTEXT, SSL, SASL_PLAINTEXT, "
                             "SASL_SSL",
                             options.protocol));
  }
  rpc::ClientSecurity security;
  if (with_tls) {
    // What is wrong here are files of ours, not the other side.
    Result<auth::TlsContext> context = auth::make_tls_client_context(options.tls);
    if (!context) return Error(Errc::kConfig, std::string(context.error().message()));
    security.tls = [context = *std::move(context)] { return context; };
  }
  if (with_sasl) {
    // Made once now, so that a wrong mechanism or a missing user is found at start.
    Result<std::unique_ptr<auth::SaslClient>> trial = auth::make_sasl_client(options.sasl);
    if (!trial) return Error(Errc::kConfig, std::string(trial.error().message()));
    security.mechanism = options.sasl.mechanism;
    security.start_sasl = [sasl = options.sasl] { return auth::make_sasl_client(sasl); };
  }
  return security;
}

}  // namespace odradek::cluster
