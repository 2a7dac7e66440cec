#pragma once

#include <string>
#include <string_view>

#include "auth/sasl.h"
#include "auth/tls_context.h"
#include "rpc/client_connection.h"

namespace odradek::cluster {

// How to connect to a cluster, as configuration files say it.
struct SecurityOptions {
  std::string protocol = "PLAINTEXT";  // or SSL, SASL_PLAINTEXT, SASL_SSL
  auth::TlsClientOptions tls;          // for SSL and SASL_SSL
  auth::SaslClientOptions sasl;        // for SASL_PLAINTEXT and SASL_SSL
};

// Loads certificates and checks that everything the protocol needs is there. TLS files are read
// once, here. Errors: kConfig (protocol, mechanism, missing user, a file and its fault).
Result<rpc::ClientSecurity> make_client_security(const SecurityOptions& options);

}  // namespace odradek::cluster
