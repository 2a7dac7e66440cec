#include "auth/tls_context.h"

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "base/assert.h"

namespace odradek::auth {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>>;

Error failed(std::string what) { return {Errc::kTls, std::move(what)}; }

// Certificates for SNI names beside the default one; owned by the default's SSL_CTX.
struct SniCertificate {
  std::vector<std::string> names;  // empty: ask the certificate
  X509Ptr certificate;
  TlsContext context;
};
using SniCertificates = std::vector<SniCertificate>;

bool matches_name(std::string_view pattern, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (pattern.starts_with("*.")) {
    const size_t dot = name.find('.');
    if (dot == std::string_view::npos || dot == 0) return false;
    pattern.remove_prefix(1);
    name.remove_prefix(dot);
  }
  return std::ranges::equal(pattern, name, {}, lower, lower);
}

bool serves(const SniCertificate& candidate, std::string_view name) {
  if (candidate.names.empty()) {
    return X509_check_host(candidate.certificate.get(), name.data(), name.size(), 0, nullptr) == 1;
  }
  const auto fits = [&](const std::string& pattern) { return matches_name(pattern, name); };
  return std::ranges::any_of(candidate.names, fits);
}

int choose_certificate(SSL* session, int* /*alert*/, void* data) {
  const char* const name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  for (const SniCertificate& candidate : *static_cast<const SniCertificates*>(data)) {
    if (!serves(candidate, name)) continue;
    SSL_set_SSL_CTX(session, candidate.context.get());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

void free_sni_certificates(void* /*context*/, void* data, CRYPTO_EX_DATA* /*all*/, int /*index*/,
                           long /*argument*/, void* /*pointer*/) {
  std::default_delete<SniCertificates>{}(static_cast<SniCertificates*>(data));
}

int sni_index() {
  static const int index =
      SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_sni_certificates);
  return index;
}

Result<TlsContext> new_context(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method), OpensslFree<SSL_CTX_free>{});
  if (context == nullptr) return failed(openssl_reason("OpenSSL cannot make a TLS context"));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections keep no 34 KiB of buffers; a write may be retried from other memory.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

// Gives the leaf certificate.
Result<X509Ptr> use_certificate(SSL_CTX* context, const TlsCertificate& settings) {
  const std::string described = describe_pem("certificate", settings.chain);
  if (settings.chain.empty()) return failed("no certificate is given");
  ODK_TRY(std::vector<X509Ptr> chain, read_certificates("certificate", settings.chain));
  const PemSource& key_source = settings.key.empty() ? settings.chain : settings.key;
  ODK_TRY(const EvpKeyPtr key, read_private_key(key_source, settings.key_password));
  ODK_TRY_VOID(check_validity(described, chain.front().get()));
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    openssl_reason("");
    return failed(
        fmt::format("{} does not match {}", describe_pem("private key", key_source), described));
  }
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return failed(
        fmt::format("{} cannot be used: {}", described, openssl_reason("unknown reason")));
  }
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      return failed(fmt::format("{} cannot be used: {}", described, openssl_reason("bad chain")));
    }
  }
  return std::move(chain.front());
}

// Trusts these issuers and nobody else.
Result<void> use_issuers(SSL_CTX* context, std::string_view what, const PemSource& source,
                         bool tell_clients) {
  ODK_TRY(const std::vector<X509Ptr> issuers, read_certificates(what, source));
  StorePtr store(X509_STORE_new());
  for (const X509Ptr& issuer : issuers) {
    X509_STORE_add_cert(store.get(), issuer.get());
    if (tell_clients) SSL_CTX_add_client_CA(context, issuer.get());
  }
  SSL_CTX_set_cert_store(context, store.release());
  return {};
}

Result<void> verify_clients(SSL_CTX* context, const TlsServerOptions& options) {
  if (options.client_certificates == ClientCertificates::kNone) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return {};
  }
  if (options.client_ca.empty()) {
    return failed(
        "client certificates are asked for, but no CA certificate is given to check them");
  }
  ODK_TRY_VOID(use_issuers(context, "client CA certificate", options.client_ca, true));
  const bool required = options.client_certificates == ClientCertificates::kRequired;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  return {};
}

struct ServerContext {
  TlsContext context;
  X509Ptr certificate;
};

Result<ServerContext> server_context(const TlsServerOptions& options,
                                     const TlsCertificate& certificate) {
  static constexpr unsigned char kSessionContext[] = "odradek";
  ServerContext result;
  ODK_TRY(result.context, new_context(TLS_server_method()));
  SSL_CTX_set_session_id_context(result.context.get(), kSessionContext, sizeof kSessionContext - 1);
  ODK_TRY(result.certificate, use_certificate(result.context.get(), certificate));
  ODK_TRY_VOID(verify_clients(result.context.get(), options));
  return result;
}

}  // namespace

Result<TlsContext> make_tls_server_context(const TlsServerOptions& options) {
  if (options.certificates.empty()) return failed("TLS needs a certificate, and none is given");
  ODK_TRY(ServerContext main, server_context(options, options.certificates.front()));
  auto others = std::make_unique<SniCertificates>();
  for (size_t i = 1; i < options.certificates.size(); ++i) {
    const TlsCertificate& settings = options.certificates[i];
    ODK_TRY(ServerContext other, server_context(options, settings));
    others->push_back(
        {settings.server_names, std::move(other.certificate), std::move(other.context)});
  }
  if (others->empty()) return main.context;
  SSL_CTX* const context = main.context.get();
  SSL_CTX_set_tlsext_servername_callback(context, choose_certificate);
  SSL_CTX_set_tlsext_servername_arg(context, others.get());
  const int ok = SSL_CTX_set_ex_data(context, sni_index(), others.get());
  ODK_ASSERT(ok == 1);
  static_cast<void>(others.release());  // freed with the context
  return main.context;
}

Result<TlsContext> make_tls_client_context(const TlsClientOptions& options) {
  ODK_TRY(TlsContext context, new_context(TLS_client_method()));
  if (options.certificates.size() > 1) return failed("a TLS client has one certificate at most");
  for (const TlsCertificate& certificate : options.certificates) {
    ODK_TRY_VOID(use_certificate(context.get(), certificate));
  }
  if (options.insecure_skip_verify) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    return context;
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (!options.ca.empty()) {
    ODK_TRY_VOID(use_issuers(context.get(), "CA certificate", options.ca, false));
  } else if (SSL_CTX_set_default_verify_paths(context.get()) != 1) {
    return failed(openssl_reason("the system has no CA certificates"));
  }
  return context;
}

}  // namespace odradek::auth
