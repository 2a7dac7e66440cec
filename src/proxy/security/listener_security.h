#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/credentials.h"
#include "auth/jwt.h"
#include "auth/sasl.h"
#include "auth/tls_context.h"
#include "auth/tls_principal.h"
#include "rpc/server.h"

namespace odradek::proxy {

// How clients connect and who they are, as the configuration says it.
struct ListenerSecurityOptions {
  bool has_tls = false;
  bool has_sasl = false;

  struct Tls {
    std::string certificate_file;
    std::string key_file;  // empty: in the certificate's file
    std::string client_ca_file;
    bool requires_client_certificate = false;
    std::string mapping_rules;  // as of Kafka's ssl.principal.mapping.rules; empty: DEFAULT
  } tls;

  std::vector<std::string> mechanisms;
  std::map<std::string, Secret> users;
  std::string users_file;

  struct Tokens {
    std::string keys_url;   // http(s)://, file:// or a path: a JWKS document
    std::string keys_file;  // instead: public keys in PEM
    std::string issuer;
    std::vector<std::string> audiences;
    std::vector<std::string> required_scopes;
    std::chrono::seconds clock_skew{30};
  } tokens;
};

// What a listener asks for each connection. Files are read once, by create(); to take changed ones
// make a new object. Keys of tokens that come by HTTP are set later, and until then no token is
// accepted. One loop.
class ListenerSecurity {
  struct Checked {};  // only create() has one

 public:
  // Errors: kConfig, with the file or setting and what is wrong.
  static Result<std::shared_ptr<ListenerSecurity>> create(ListenerSecurityOptions options);
  explicit ListenerSecurity(Checked /*checked*/, ListenerSecurityOptions options)
      : options_(std::move(options)) {}

  const ListenerSecurityOptions& options() const { return options_; }
  // Where keys are to be fetched from; empty when all are here.
  std::string_view remote_keys_url() const;
  // A JWKS document. kMalformed; then the old keys stay.
  Result<void> set_keys(std::string_view jwks);

  const auth::TlsContext& tls() const { return tls_; }
  // Without a client certificate everybody is anonymous. kAuthentication when no rule fits.
  Result<std::string> principal_of(SSL* session) const;
  // kUnsupported for a mechanism that is not enabled.
  Result<std::unique_ptr<auth::SaslServer>> start_sasl(std::string_view mechanism) const;

 private:
  Result<void> load_tls();
  Result<void> load_users();
  Result<void> load_tokens();
  Result<void> use_keys(auth::JwtKeySet keys);

  ListenerSecurityOptions options_;
  auth::TlsContext tls_;
  auth::PrincipalMapper principals_;
  std::shared_ptr<const auth::CredentialStore> users_;
  std::shared_ptr<const auth::JwtVerifier> tokens_;
};

// The security new connections get, replaceable while the old ones go on. One loop.
struct ListenerSecuritySlot {
  std::shared_ptr<ListenerSecurity> current;
};

// Makes the listener ask the slot.
void use_security(rpc::ListenerOptions& listener, std::shared_ptr<ListenerSecuritySlot> slot);

}  // namespace odradek::proxy
