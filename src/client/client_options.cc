#include "client/client_options.h"

#include <fmt/format.h>

#include "auth/sasl.h"
#include "auth/tls_context.h"
#include "base/secret.h"
#include "client/security/tls_files.h"
#include "client/security/token_endpoint.h"
#include "client/security/token_source.h"

namespace odradek::client {
namespace {

Error config_error(std::string_view option, std::string_view reason) {
  return {Errc::kConfig, fmt::format("ClientOptions::{}: {}", option, reason)};
}

Result<auth::TlsContext> load_tls(const kafka::Tls& tls) {
  auth::TlsClientOptions options;
  options.ca = {.file = tls.ca_file, .text = tls.ca_pem};
  options.insecure_skip_verify = !tls.verify_peer;
  if (!tls.certificate_file.empty() || !tls.certificate_pem.empty()) {
    auth::TlsCertificate certificate;
    certificate.chain = {.file = tls.certificate_file, .text = tls.certificate_pem};
    certificate.key = {.file = tls.key_file, .text = std::string(tls.key_pem.reveal())};
    certificate.key_password = odradek::Secret(tls.key_password.reveal());
    options.certificates.push_back(std::move(certificate));
  }
  auto context = auth::make_tls_client_context(options);
  for (auth::TlsCertificate& certificate : options.certificates) wipe(certificate.key.text);
  return context;
}

Result<void> check_tls(const kafka::Tls& tls) {
  const auto both = [](std::string_view names) {
    return config_error("security", fmt::format("only one of {} can be used", names));
  };
  if (!tls.ca_file.empty() && !tls.ca_pem.empty()) return both("ca_file and ca_pem");
  if (!tls.certificate_file.empty() && !tls.certificate_pem.empty()) {
    return both("certificate_file and certificate_pem");
  }
  if (!tls.key_file.empty() && !tls.key_pem.empty()) return both("key_file and key_pem");
  const bool has_key = !tls.key_file.empty() || !tls.key_pem.empty();
  if (has_key && tls.certificate_file.empty() && tls.certificate_pem.empty()) {
    return config_error("security", "a private key needs a certificate");
  }
  return {};
}

Result<void> use_tls(const kafka::Tls& tls, rpc::ClientSecurity& security) {
  ODK_TRY_VOID(check_tls(tls));
  auto files = TlsFiles::create([tls] { return load_tls(tls); },
                                {tls.ca_file, tls.certificate_file, tls.key_file});
  if (!files) return config_error("security", files.error().message());
  security.tls = [held = *std::move(files)] { return held->get(); };
  return {};
}

void use_tokens(TokenSource::Fetch fetch, rpc::ClientSecurity& security) {
  const auto source = std::make_shared<TokenSource>(std::move(fetch));
  security.mechanism = auth::kOAuthBearer;
  security.prepare_sasl = [source](io::Loop& loop, MonotonicTime deadline) {
    return source->prepare(loop, deadline);
  };
  security.start_sasl = [source] { return source->start(); };
  security.stop_sasl = [source] { source->stop(); };
}

// Of the program's own provider: what may pass keeps its kind, all else refuses us for good.
Error provider_error(const kafka::KafkaError& error) {
  Errc code = Errc::kAuthentication;
  if (error.kind() == kafka::ErrorKind::tls) {
    code = Errc::kTls;
  } else if (error.kind() == kafka::ErrorKind::timeout) {
    code = Errc::kTimedOut;
  } else if (error.is_retriable()) {
    code = Errc::kNetwork;
  }
  return {code, "token provider: " + error.to_string()};
}

// The program's own way to tokens.
TokenSource::Fetch fetch_from(std::function<kafka::Result<kafka::BearerToken>()> provider) {
  return [provider = std::move(provider)](std::stop_token /*stop*/) -> Result<kafka::BearerToken> {
    kafka::Result<kafka::BearerToken> token = provider();
    if (!token) return provider_error(token.error());
    return *std::move(token);
  };
}

auth::SaslClientOptions with_password(std::string_view mechanism, const std::string& user,
                                      const kafka::Secret& password) {
  auth::SaslClientOptions options;
  options.mechanism = mechanism;
  options.username = user;
  options.password = odradek::Secret(password.reveal());
  return options;
}

struct ToSasl {
  std::optional<auth::SaslClientOptions> operator()(std::monostate /*none*/) const { return {}; }
  std::optional<auth::SaslClientOptions> operator()(const kafka::Plain& plain) const {
    return with_password(auth::kPlain, plain.user, plain.password);
  }
  std::optional<auth::SaslClientOptions> operator()(const kafka::ScramSha256& scram) const {
    return with_password(auth::kScramSha256, scram.user, scram.password);
  }
  std::optional<auth::SaslClientOptions> operator()(const kafka::ScramSha512& scram) const {
    return with_password(auth::kScramSha512, scram.user, scram.password);
  }
  std::optional<auth::SaslClientOptions> operator()(
      const kafka::OidcClientCredentials& /*oidc*/) const {
    return {};
  }
  std::optional<auth::SaslClientOptions> operator()(const kafka::OAuthBearer& bearer) const {
    if (bearer.token_provider) return {};
    auth::SaslClientOptions options;
    options.mechanism = auth::kOAuthBearer;
    options.token = odradek::Secret(bearer.token.reveal());
    options.extensions = bearer.extensions;
    return options;
  }
};

Result<void> check_durations(const kafka::ClientOptions& options) {
  const std::pair<std::string_view, std::chrono::milliseconds> durations[] = {
      {"connection_timeout", options.connection_timeout},
      {"connection_timeout_max", options.connection_timeout_max},
      {"request_timeout", options.request_timeout},
      {"rebootstrap_after", options.rebootstrap_after},
      {"metrics_interval", options.metrics_interval},
      {"metadata_max_age", options.metadata_max_age},
      {"retry_backoff_min", options.retry_backoff_min},
      {"retry_backoff_max", options.retry_backoff_max}};
  for (const auto& [name, value] : durations) {
    if (value.count() <= 0) return config_error(name, "must be positive");
  }
  if (options.connection_idle_max.count() < 0) {
    return config_error("connection_idle_max", "must not be negative");
  }
  if (options.retry_backoff_max < options.retry_backoff_min) {
    return config_error("retry_backoff_max", "must not be below retry_backoff_min");
  }
  return {};
}

}  // namespace

Result<cluster::ClusterOptions> to_cluster_options(const kafka::ClientOptions& options) {
  auto bootstrap = io::parse_host_ports(options.bootstrap, 9092);
  if (!bootstrap) return config_error("bootstrap", bootstrap.error().message());
  ODK_TRY_VOID(check_durations(options));

  cluster::ClusterOptions result;
  result.bootstrap = *std::move(bootstrap);
  result.client_id = options.client_id;
  result.dns_lookup = options.dns_lookup == kafka::DnsLookup::use_all_dns_ips
                          ? cluster::DnsLookup::kAllIps
                          : cluster::DnsLookup::kCanonicalBootstrap;
  result.connection_timeout = options.connection_timeout;
  result.connection_timeout_max = options.connection_timeout_max;
  result.connection_idle_max = options.connection_idle_max;
  result.rebootstraps = options.metadata_recovery == kafka::MetadataRecovery::rebootstrap;
  result.rebootstrap_after = options.rebootstrap_after;
  result.request_timeout = options.request_timeout;
  result.metadata_max_age = options.metadata_max_age;
  result.retry_backoff_min = options.retry_backoff_min;
  result.retry_backoff_max = options.retry_backoff_max;
  result.allow_auto_topic_creation = options.allow_auto_topic_creation;

  if (const auto* tls = std::get_if<kafka::Tls>(&options.security)) {
    ODK_TRY_VOID(use_tls(*tls, result.security));
  }
  if (const auto* bearer = std::get_if<kafka::OAuthBearer>(&options.auth)) {
    if (bearer->token_provider && !bearer->token.empty()) {
      return config_error("auth", "a token and a token_provider exclude each other");
    }
    if (bearer->token_provider) use_tokens(fetch_from(bearer->token_provider), result.security);
  }
  if (const auto* oidc = std::get_if<kafka::OidcClientCredentials>(&options.auth)) {
    if (auto checked = check_oidc(*oidc); !checked) {
      return config_error("auth", checked.error().message());
    }
    use_tokens([held = *oidc](std::stop_token stop) { return ask_token_endpoint(held, stop); },
               result.security);
  }
  if (auto sasl = std::visit(ToSasl{}, options.auth)) {
    // Tried now, so that a wrong option is found at construction.
    if (auto tried = auth::make_sasl_client(*sasl); !tried) {
      return config_error("auth", tried.error().message());
    }
    result.security.mechanism = sasl->mechanism;
    result.security.start_sasl = [held = *std::move(sasl)] { return auth::make_sasl_client(held); };
  }
  return result;
}

}  // namespace odradek::client
