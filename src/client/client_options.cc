#include "client/client_options.h"

#include <fmt/format.h>

#include "auth/sasl.h"
#include "auth/tls_context.h"

namespace odradek::client {
namespace {

Error config_error(std::string_view option, std::string_view reason) {
  return {Errc::kConfig, fmt::format("ClientOptions::{}: {}", option, reason)};
}

Result<auth::TlsContext> make_tls(const kafka::Tls& tls) {
  auth::TlsClientOptions options;
  options.ca.file = tls.ca_file;
  options.insecure_skip_verify = !tls.verify_peer;
  if (!tls.certificate_file.empty()) {
    auth::TlsCertificate certificate;
    certificate.chain.file = tls.certificate_file;
    certificate.key.file = tls.key_file;
    certificate.key_password = odradek::Secret(tls.key_password.reveal());
    options.certificates.push_back(std::move(certificate));
  }
  return auth::make_tls_client_context(options);
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
  std::optional<auth::SaslClientOptions> operator()(const kafka::OAuthBearer& bearer) const {
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
      {"request_timeout", options.request_timeout},
      {"metadata_max_age", options.metadata_max_age},
      {"retry_backoff_min", options.retry_backoff_min},
      {"retry_backoff_max", options.retry_backoff_max}};
  for (const auto& [name, value] : durations) {
    if (value.count() <= 0) return config_error(name, "must be positive");
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
  result.connection_timeout = options.connection_timeout;
  result.request_timeout = options.request_timeout;
  result.metadata_max_age = options.metadata_max_age;
  result.retry_backoff_min = options.retry_backoff_min;
  result.retry_backoff_max = options.retry_backoff_max;
  result.allow_auto_topic_creation = options.allow_auto_topic_creation;

  if (const auto* tls = std::get_if<kafka::Tls>(&options.security)) {
    auto context = make_tls(*tls);
    if (!context) return config_error("security", context.error().message());
    result.security.tls = [held = *std::move(context)] { return held; };
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
