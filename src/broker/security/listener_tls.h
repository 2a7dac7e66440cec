#pragma once

#include <string>

#include "broker/security/listener_properties.h"
#include "broker/security/security_options.h"
#include "rpc/server.h"

namespace odradek::broker {

// Did somebody give a certificate for this listener? kConfig: one of a kind we cannot read.
Result<bool> has_certificate(const ListenerProperties& properties, const SecurityOptions& options);

// TLS of one listener: ssl.* with PEM before the program's own files, and without either
// `development_certificate` (PEM with key). Clients' names follow ssl.principal.mapping.rules.
// kConfig, kTls.
Result<void> set_up_tls(rpc::ListenerOptions& listener, const ListenerProperties& properties,
                        const SecurityOptions& options, const std::string& development_certificate);

struct DevelopmentCertificate {
  std::string certificate_and_key;
  std::string authority;
};
// For localhost, the loopback addresses and `host`.
Result<DevelopmentCertificate> make_development_certificate(const std::string& host);

}  // namespace odradek::broker
