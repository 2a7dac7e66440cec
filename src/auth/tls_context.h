#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "auth/pem.h"
#include "base/result.h"
#include "base/secret.h"

// OpenSSL contexts from settings. TLS 1.2 and 1.3, no renegotiation, no compression. Host names are
// checked by the stream that connects, not here.
namespace odradek::auth {

using TlsContext = std::shared_ptr<SSL_CTX>;

struct TlsCertificate {
  PemSource chain;  // the certificate first, then its issuers
  PemSource key;  // empty: the key is in `chain` as well
  Secret key_password;
  // For which SNI names; empty: those the certificate itself names. "*.example.com" is one label.
  std::vector<std::string> server_names;
};

enum class ClientCertificates : uint8_t { kNone, kRequested, kRequired };

struct TlsServerOptions {
  // The first serves clients whose SNI fits none of the others, or who send none.
  std::vector<TlsCertificate> certificates;
  ClientCertificates client_certificates = ClientCertificates::kNone;
  PemSource client_ca;  // who may issue client certificates
};

struct TlsClientOptions {
  PemSource ca;  // empty: the system's
  std::vector<TlsCertificate> certificates;  // none or one: mTLS
  // Accepts any server certificate: no protection against a man in the middle.
  bool insecure_skip_verify = false;
};

// Errors: kTls, one sentence a person can act on: which file and what is wrong with it (cannot be
// read, not PEM, key does not match, expired, no CA given). Read files; for start-up and reload.
Result<TlsContext> make_tls_server_context(const TlsServerOptions& options);
Result<TlsContext> make_tls_client_context(const TlsClientOptions& options);

// The context new connections use, replaceable while the old ones go on with theirs. One loop.
class TlsContextHolder {
 public:
  using Load = std::function<Result<TlsContext>()>;

  // Loads for the first time.
  static Result<std::unique_ptr<TlsContextHolder>> create(Load load);

  TlsContext get() const { return context_; }
  // Loads again; on failure the old context stays in use.
  Result<void> reload();

  TlsContextHolder(Load load, TlsContext context)
      : load_(std::move(load)), context_(std::move(context)) {}

 private:
  Load load_;
  TlsContext context_;
};

}  // namespace odradek::auth
