#include "broker/security/listener_sasl.h"

#include <fmt/format.h>

#include <algorithm>

#include "auth/jaas.h"
#include "auth/sasl.h"
#include "broker/security/listener_users.h"
#include "broker/security/token_keys.h"

namespace odradek::broker {
namespace {

constexpr std::string_view kUserOption = "user_";

// `user_NAME="password"` of PlainLoginModule. The username and password beside them are those a
// broker logs in with, not a user's.
Result<std::shared_ptr<auth::MemoryCredentialStore>> plain_users(
    const ListenerProperties& properties) {
  auto users = std::make_shared<auth::MemoryCredentialStore>();
  const auto line = properties.of_mechanism(auth::kPlain, "sasl.jaas.config");
  if (!line) return users;
  const auto entry = auth::parse_jaas(*line);
  if (!entry) return Error(Errc::kConfig, std::string(entry.error().message()));
  if (entry->module != "PlainLoginModule") {
    return Error(Errc::kConfig, "plain.sasl.jaas.config: expected a PlainLoginModule");
  }
  for (const auto& [name, value] : entry->options) {
    if (!name.starts_with(kUserOption)) continue;
    ODK_TRY_VOID(users->set_password(name.substr(kUserOption.size()), value));
  }
  return users;
}

Result<std::vector<std::string>> mechanisms_of(const ListenerProperties& properties,
                                               bool has_tokens) {
  const std::vector<std::string> known = auth::sasl_mechanisms();
  std::vector<std::string> wanted;
  if (!properties.given("sasl.enabled.mechanisms")) {
    wanted = known;
    if (!has_tokens) std::erase(wanted, auth::kOAuthBearer);
    return wanted;
  }
  wanted = properties.list("sasl.enabled.mechanisms");
  if (wanted.empty()) return Error(Errc::kConfig, "sasl.enabled.mechanisms: the list is empty");
  for (const std::string& mechanism : wanted) {
    if (std::ranges::find(known, mechanism) == known.end()) {
      return Error(Errc::kConfig, fmt::format("sasl.enabled.mechanisms: {} is none of {}",
                                              mechanism, fmt::join(known, ", ")));
    }
    if (mechanism == auth::kOAuthBearer && !has_tokens) {
      return Error(Errc::kConfig,
                   "OAUTHBEARER needs sasl.oauthbearer.jwks.endpoint.url, or the option that takes "
                   "unsigned tokens");
    }
  }
  return wanted;
}

}  // namespace

Result<void> set_up_sasl(rpc::ListenerOptions& listener, const ListenerProperties& properties,
                         const SaslSources& sources) {
  ODK_TRY(auto own_users, plain_users(properties));
  ODK_TRY(const std::shared_ptr<TokenKeys> keys,
          TokenKeys::create(properties, sources.unsecured_tokens));
  rpc::SaslOptions sasl;
  ODK_TRY(sasl.mechanisms, mechanisms_of(properties, keys != nullptr));
  sasl.max_session_ms = properties.number("connections.max.reauth.ms");
  auto users = std::make_shared<ListenerUsers>(std::move(own_users), sources.users, sources.scram,
                                               sources.any_user);
  sasl.start = [users, keys, clock = sources.clock](std::string_view mechanism) {
    auth::SaslServerOptions options;
    options.credentials = users;
    if (keys != nullptr) options.tokens = keys->current(clock->now());
    return auth::make_sasl_server(mechanism, options);
  };
  listener.sasl = std::move(sasl);
  return {};
}

}  // namespace odradek::broker
