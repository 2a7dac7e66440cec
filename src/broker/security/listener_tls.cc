#include "broker/security/listener_tls.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <utility>

#include "auth/dev_certificate.h"
#include "auth/tls_context.h"
#include "auth/tls_principal.h"

namespace odradek::broker {
namespace {

Result<void> check_store_type(const ListenerProperties& properties, std::string_view key) {
  const std::optional<std::string> type = properties.given(key);
  if (!type || *type == "PEM") return {};
  return Error(Errc::kConfig,
               fmt::format("{}: only PEM is read here, not {}; openssl pkcs12 -in STORE -out x.pem "
                           "-nodes converts",
                           key, *type));
}

auth::PemSource pem(std::optional<std::string> file, std::optional<std::string> text) {
  auth::PemSource source;
  if (file) source.file = *std::move(file);
  if (text) source.text = *std::move(text);
  return source;
}

Result<auth::TlsCertificate> certificate_of(const ListenerProperties& properties,
                                            const SecurityOptions& options,
                                            const std::string& development_certificate) {
  auth::TlsCertificate certificate;
  certificate.chain = pem(properties.given("ssl.keystore.location"),
                          properties.given("ssl.keystore.certificate.chain"));
  if (!certificate.chain.empty()) {
    certificate.key = pem(std::nullopt, properties.given("ssl.keystore.key"));
    certificate.key_password = Secret(properties.given("ssl.key.password").value_or(""));
  } else if (!options.certificate.empty()) {
    certificate.chain = options.certificate;
    certificate.key = options.key;
    certificate.key_password = options.key_password;
  } else {
    certificate.chain.text = development_certificate;
  }
  return certificate;
}

Result<auth::TlsServerOptions> server_options_of(const ListenerProperties& properties,
                                                 const SecurityOptions& options,
                                                 const std::string& development_certificate) {
  auth::TlsServerOptions tls;
  ODK_TRY(auth::TlsCertificate certificate,
          certificate_of(properties, options, development_certificate));
  tls.certificates.push_back(std::move(certificate));
  ODK_TRY_VOID(check_store_type(properties, "ssl.truststore.type"));
  tls.client_ca = pem(properties.given("ssl.truststore.location"),
                      properties.given("ssl.truststore.certificates"));
  std::string wanted = properties.text("ssl.client.auth");
  if (tls.client_ca.empty() && !options.client_ca.empty()) {
    tls.client_ca = options.client_ca;
    if (!properties.given("ssl.client.auth")) wanted = "required";
  }
  if (wanted == "required") tls.client_certificates = auth::ClientCertificates::kRequired;
  if (wanted == "requested") tls.client_certificates = auth::ClientCertificates::kRequested;
  if (wanted == "none") tls.client_ca = {};
  return tls;
}

}  // namespace

Result<bool> has_certificate(const ListenerProperties& properties, const SecurityOptions& options) {
  ODK_TRY_VOID(check_store_type(properties, "ssl.keystore.type"));
  return properties.given("ssl.keystore.location").has_value() ||
         properties.given("ssl.keystore.certificate.chain").has_value() ||
         !options.certificate.empty();
}

Result<void> set_up_tls(rpc::ListenerOptions& listener, const ListenerProperties& properties,
                        const SecurityOptions& options,
                        const std::string& development_certificate) {
  ODK_TRY(auth::TlsServerOptions tls,
          server_options_of(properties, options, development_certificate));
  Result<auth::TlsContext> context = auth::make_tls_server_context(tls);
  if (!context) {
    return Error(context.error().code(),
                 fmt::format("listener {}: {}", listener.name, context.error().message()));
  }
  listener.tls = [made = *std::move(context)] { return made; };
  Result<auth::PrincipalMapper> mapper =
      auth::PrincipalMapper::parse(properties.text("ssl.principal.mapping.rules"));
  if (!mapper) {
    return Error(Errc::kConfig,
                 fmt::format("ssl.principal.mapping.rules: {}", mapper.error().message()));
  }
  if (tls.client_certificates != auth::ClientCertificates::kNone) {
    listener.tls_principal = [rules = *std::move(mapper)](SSL* session) {
      return auth::tls_principal(session, rules);
    };
  }
  return {};
}

Result<DevelopmentCertificate> make_development_certificate(const std::string& host) {
  ODK_TRY(const auth::DevAuthority authority, auth::DevAuthority::create());
  auth::DevCertificateRequest request;
  request.dns_names = {"localhost"};
  request.ip_addresses = {"127.0.0.1", "::1"};
  in6_addr parsed{};
  const bool is_v4 = inet_pton(AF_INET, host.c_str(), &parsed) == 1;
  const bool is_address = is_v4 || inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
  if (is_address && host != "127.0.0.1" && host != "::1") request.ip_addresses.push_back(host);
  if (!is_address && !host.empty() && host != "localhost") request.dns_names.push_back(host);
  ODK_TRY(auth::DevCertificate issued, authority.issue(request));
  return DevelopmentCertificate{issued.certificate_pem + issued.key_pem,
                                authority.certificate_pem()};
}

}  // namespace odradek::broker
