#include "broker/security/token_keys.h"

#include <fmt/format.h>

#include <chrono>

#include "base/log.h"

namespace odradek::broker {
namespace {

constexpr std::string_view kUrl = "sasl.oauthbearer.jwks.endpoint.url";

Result<std::string> file_of(std::string url) {
  constexpr std::string_view kFile = "file://";
  if (url.starts_with(kFile)) return url.substr(kFile.size());
  if (url.find("://") == std::string::npos) return url;
  return Error(Errc::kConfig,
               fmt::format("{}: {} is no file; fetch the keys into a file (file:///...), which is "
                           "read again every sasl.oauthbearer.jwks.endpoint.refresh.ms",
                           kUrl, url));
}

}  // namespace

Result<std::shared_ptr<TokenKeys>> TokenKeys::create(const ListenerProperties& properties,
                                                     bool unsecured) {
  const std::string url = properties.text(kUrl);
  if (url.empty() && !unsecured) return std::shared_ptr<TokenKeys>();
  auth::JwtOptions options;
  options.allow_unsecured = unsecured;
  options.issuer = properties.text("sasl.oauthbearer.expected.issuer");
  options.audiences = properties.list("sasl.oauthbearer.expected.audience");
  options.principal_claim = properties.text("sasl.oauthbearer.sub.claim.name");
  options.scope_claim = properties.text("sasl.oauthbearer.scope.claim.name");
  options.clock_skew =
      std::chrono::seconds(properties.number("sasl.oauthbearer.clock.skew.seconds"));
  std::string file;
  if (!url.empty()) {
    ODK_TRY(file, file_of(url));
  }
  const Duration refresh =
      std::chrono::milliseconds(properties.number("sasl.oauthbearer.jwks.endpoint.refresh.ms"));
  auto keys = std::make_shared<TokenKeys>(std::move(options), std::move(file), refresh);
  ODK_TRY_VOID(keys->load());
  return keys;
}

Result<void> TokenKeys::load() {
  auth::JwtOptions options = options_;
  if (!file_.empty()) {
    Result<auth::JwtKeySet> keys = auth::JwtKeySet::from_file(file_);
    if (!keys) return Error(Errc::kConfig, std::string(keys.error().message()));
    options.keys = std::make_shared<const auth::JwtKeySet>(*std::move(keys));
  }
  ODK_TRY(verifier_, auth::JwtVerifier::create(std::move(options)));
  return {};
}

std::shared_ptr<const auth::JwtVerifier> TokenKeys::current(MonotonicTime now) {
  if (loaded_at_ == MonotonicTime{}) loaded_at_ = now;
  if (!file_.empty() && now - loaded_at_ >= refresh_) {
    loaded_at_ = now;
    if (const Result<void> loaded = load(); !loaded) {
      ODK_LOG(warn, "token keys were not read again, the old ones stay",
              kv("reason", loaded.error().to_string()));
    }
  }
  return verifier_;
}

}  // namespace odradek::broker
