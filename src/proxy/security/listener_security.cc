#include "proxy/security/listener_security.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace odradek::proxy {
namespace {

constexpr std::string_view kFile = "file://";

bool is_remote(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

Error config_error(std::string_view key, const Error& error) {
  return {Errc::kConfig, fmt::format("{}: {}", key, error.message())};
}

bool has(const std::vector<std::string>& mechanisms, std::string_view wanted) {
  return std::ranges::find(mechanisms, wanted) != mechanisms.end();
}

}  // namespace

Result<std::shared_ptr<ListenerSecurity>> ListenerSecurity::create(
    ListenerSecurityOptions options) {
  auto security = std::make_shared<ListenerSecurity>(Checked{}, std::move(options));
  if (security->options_.has_tls) ODK_TRY_VOID(security->load_tls());
  if (!security->options_.has_sasl) return security;
  const std::vector<std::string> known = auth::sasl_mechanisms();
  if (security->options_.mechanisms.empty()) {
    return Error(Errc::kConfig, "listen.security.sasl.enabled_mechanisms: at least one is needed");
  }
  for (const std::string& mechanism : security->options_.mechanisms) {
    if (has(known, mechanism)) continue;
    return Error(Errc::kConfig, fmt::format("listen.security.sasl.enabled_mechanisms: {} is none "
                                            "of {}",
                                            mechanism, fmt::join(known, ", ")));
  }
  ODK_TRY_VOID(security->load_users());
  ODK_TRY_VOID(security->load_tokens());
  return security;
}

Result<void> ListenerSecurity::load_tls() {
  const ListenerSecurityOptions::Tls& tls = options_.tls;
  if (tls.certificate_file.empty()) {
    return Error(Errc::kConfig, "listen.security.tls.cert_path: needed for TLS");
  }
  auth::TlsServerOptions server;
  auth::TlsCertificate& certificate = server.certificates.emplace_back();
  certificate.chain.file = tls.certificate_file;
  certificate.key.file = tls.key_file;
  server.client_ca.file = tls.client_ca_file;
  if (tls.requires_client_certificate) {
    if (tls.client_ca_file.empty()) {
      return Error(Errc::kConfig,
                   "listen.security.tls.ca_cert_path: needed to check client certificates");
    }
    server.client_certificates = auth::ClientCertificates::kRequired;
  } else if (!tls.client_ca_file.empty()) {
    server.client_certificates = auth::ClientCertificates::kRequested;
  }
  Result<auth::TlsContext> context = auth::make_tls_server_context(server);
  if (!context) return config_error("listen.security.tls", context.error());
  tls_ = *std::move(context);
  if (tls.mapping_rules.empty()) return {};
  Result<auth::PrincipalMapper> mapper = auth::PrincipalMapper::parse(tls.mapping_rules);
  if (!mapper) return config_error("listen.security.tls.principal.mapping_rules", mapper.error());
  principals_ = *std::move(mapper);
  return {};
}

Result<void> ListenerSecurity::load_users() {
  auto users = std::make_shared<auth::MemoryCredentialStore>();
  for (const auto& [name, password] : options_.users) {
    const Result<void> added = users->set_password(name, password);
    if (!added) {
      return config_error(fmt::format("listen.security.sasl.credentials.users.{}", name),
                          added.error());
    }
  }
  if (!options_.users_file.empty()) {
    const Result<void> loaded = users->load_file(options_.users_file);
    if (!loaded) return config_error("listen.security.sasl.credentials.file", loaded.error());
  }
  const bool needs_users = std::ranges::any_of(
      options_.mechanisms, [](const std::string& name) { return name != auth::kOAuthBearer; });
  if (needs_users && users->size() == 0) {
    return Error(Errc::kConfig, "listen.security.sasl.credentials: no users, nobody could connect");
  }
  users_ = std::move(users);
  return {};
}

Result<void> ListenerSecurity::load_tokens() {
  const ListenerSecurityOptions::Tokens& tokens = options_.tokens;
  if (!has(options_.mechanisms, auth::kOAuthBearer)) return {};
  if (tokens.keys_url.empty() == tokens.keys_file.empty()) {
    return Error(Errc::kConfig,
                 "listen.security.sasl.oauthbearer: needs either jwks_url or public_key_path");
  }
  if (!remote_keys_url().empty()) return {};
  std::string path = tokens.keys_file.empty() ? tokens.keys_url : tokens.keys_file;
  if (path.starts_with(kFile)) path.erase(0, kFile.size());
  Result<auth::JwtKeySet> keys = auth::JwtKeySet::from_file(path);
  if (!keys) return config_error("listen.security.sasl.oauthbearer", keys.error());
  return use_keys(*std::move(keys));
}

std::string_view ListenerSecurity::remote_keys_url() const {
  const bool is_used = options_.has_sasl && has(options_.mechanisms, auth::kOAuthBearer);
  return is_used && is_remote(options_.tokens.keys_url) ? options_.tokens.keys_url
                                                        : std::string_view();
}

Result<void> ListenerSecurity::set_keys(std::string_view jwks) {
  ODK_TRY(auth::JwtKeySet keys, auth::JwtKeySet::from_jwks(jwks));
  return use_keys(std::move(keys));
}

Result<void> ListenerSecurity::use_keys(auth::JwtKeySet keys) {
  auth::JwtOptions options;
  options.keys = std::make_shared<const auth::JwtKeySet>(std::move(keys));
  options.issuer = options_.tokens.issuer;
  options.audiences = options_.tokens.audiences;
  options.required_scopes = options_.tokens.required_scopes;
  options.clock_skew = options_.tokens.clock_skew;
  ODK_TRY(tokens_, auth::JwtVerifier::create(std::move(options)));
  return {};
}

Result<std::string> ListenerSecurity::principal_of(SSL* session) const {
  return auth::tls_principal(session, principals_);
}

Result<std::unique_ptr<auth::SaslServer>> ListenerSecurity::start_sasl(
    std::string_view mechanism) const {
  if (!has(options_.mechanisms, mechanism)) {
    return Error(Errc::kUnsupported, fmt::format("{} is not enabled", mechanism));
  }
  return auth::make_sasl_server(mechanism, {.credentials = users_, .tokens = tokens_});
}

void use_security(rpc::ListenerOptions& listener, std::shared_ptr<ListenerSecuritySlot> slot) {
  const ListenerSecurityOptions& options = slot->current->options();
  listener.name = "PLAINTEXT";
  if (options.has_tls) listener.name = "SSL";
  if (options.has_sasl) listener.name = options.has_tls ? "SASL_SSL" : "SASL_PLAINTEXT";
  if (options.has_tls) {
    listener.tls = [slot] { return slot->current->tls(); };
    listener.tls_principal = [slot](SSL* session) { return slot->current->principal_of(session); };
  }
  if (!options.has_sasl) return;
  rpc::SaslOptions sasl;
  sasl.mechanisms = options.mechanisms;
  sasl.start = [slot](std::string_view mechanism) { return slot->current->start_sasl(mechanism); };
  listener.sasl = std::move(sasl);
}

}  // namespace odradek::proxy
