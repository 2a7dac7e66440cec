#include "broker/security/security.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>

#include "auth/dev_certificate.h"
#include "base/log.h"
#include "broker/security/listener_sasl.h"
#include "broker/security/listener_tls.h"
#include "broker/settings.h"

namespace odradek::broker {
namespace {

constexpr std::string_view kStandardAuthorizer =
    "org.apache.kafka.metadata.authorizer.StandardAuthorizer";

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.flush();
  if (!file) return Error(Errc::kIo, fmt::format("cannot write {}", path));
  return {};
}

}  // namespace

Security::Security(const Clock& clock, Authorizer::Options authorizer, QuotaWindow window,
                   SecurityOptions options)
    : clock_(clock),
      options_(std::move(options)),
      authorizer_(acls_, std::move(authorizer)),
      quotas_(window) {}

Result<std::unique_ptr<Security>> Security::create(const Clock& clock, const Settings& settings,
                                                   SecurityOptions options) {
  const auto text = [&settings](std::string_view name) {
    return settings.get(*find_broker_config(name)).value.value_or("");
  };
  const std::string authorizer = text("authorizer.class.name");
  if (!authorizer.empty() && authorizer != kStandardAuthorizer) {
    return Error(Errc::kConfig, fmt::format("authorizer.class.name: only {} is known, not {}",
                                            kStandardAuthorizer, authorizer));
  }
  Authorizer::Options rules;
  rules.enabled = !authorizer.empty();
  rules.super_users = parse_super_users(settings.given("super.users").value_or(""));
  rules.allow_without_acls =
      config_bool(settings.given("allow.everyone.if.no.acl.found").value_or("false"));
  QuotaWindow window;
  window.samples = static_cast<int>(
      std::min<int64_t>(settings.get_long("quota.window.num"), QuotaWindow::kSamplesMax));
  window.size = std::chrono::seconds(settings.get_long("quota.window.size.seconds"));
  auto security = std::make_unique<Security>(clock, std::move(rules), window, std::move(options));
  ODK_TRY_VOID(security->load_users());
  return security;
}

Result<void> Security::load_users() {
  for (const auto& [name, password] : options_.users) {
    ODK_TRY_VOID(users_->set_password(name, password));
  }
  if (!options_.users_file.empty()) ODK_TRY_VOID(users_->load_file(options_.users_file));
  seed_scram();
  return {};
}

// As kafka-storage format --add-scram would: they can be altered and removed like all others.
void Security::seed_scram() {
  for (const std::string& user : users_->names()) {
    for (const auth::Hash hash : {auth::Hash::kSha256, auth::Hash::kSha512}) {
      if (auto credential = users_->find_scram(hash, user)) {
        scram_->put(user, hash, *std::move(credential));
      }
    }
  }
}

Result<void> Security::secure(rpc::ListenerOptions& listener, SecurityProtocol protocol,
                              const Settings& settings) {
  const ListenerProperties properties(settings, listener.name);
  if (const auto most = properties.given("max.connections")) {
    listener.max_connections = static_cast<size_t>(std::max<int64_t>(config_long(*most), 0));
  }
  if (const auto rate = settings.given(
          fmt::format("listener.name.{}.max.connection.creation.rate", listener.name))) {
    listener.max_connection_rate = static_cast<double>(config_long(*rate));
  }
  if (uses_tls(protocol)) {
    ODK_TRY(const bool own_certificate, has_certificate(properties, options_));
    if (!own_certificate && development_certificate_.empty()) {
      ODK_TRY(DevelopmentCertificate made, make_development_certificate(listener.host));
      development_certificate_ = std::move(made.certificate_and_key);
      if (!options_.development_ca_file.empty()) {
        ODK_TRY_VOID(write_file(options_.development_ca_file, made.authority));
      }
      ODK_LOG(warn, "TLS with a certificate made for this run only",
              kv("authority", options_.development_ca_file));
    }
    ODK_TRY_VOID(set_up_tls(listener, properties, options_, development_certificate_));
  }
  if (uses_sasl(protocol)) {
    SaslSources sources;
    sources.users = users_;
    sources.scram = scram_;
    sources.clock = &clock_;
    sources.any_user = options_.insecure_any_user;
    sources.unsecured_tokens = options_.unsecured_tokens || options_.insecure_any_user;
    ODK_TRY_VOID(set_up_sasl(listener, properties, sources));
    if (options_.insecure_any_user) {
      ODK_LOG(warn, "INSECURE: every user with every password is let in",
              kv("listener", listener.name));
    }
  }
  return {};
}

void Security::reset() {
  acls_.clear();
  scram_->clear();
  quotas_.clear();
  seed_scram();
}

}  // namespace odradek::broker
