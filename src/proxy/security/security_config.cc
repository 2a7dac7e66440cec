#include "proxy/security/security_config.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace odradek::proxy {
namespace {

using config::Binder;
using config::ConfigNode;
using config::Where;

const std::vector<std::pair<std::string, std::string>>& protocols() {
  static const std::vector<std::pair<std::string, std::string>> kProtocols = {
      {"PLAINTEXT", "PLAINTEXT"},
      {"SSL", "SSL"},
      {"SASL_PLAINTEXT", "SASL_PLAINTEXT"},
      {"SASL_SSL", "SASL_SSL"}};
  return kProtocols;
}

// One text as Kafka writes it, or a list of rules.
Result<void> read_rules(const ConfigNode& node, const Where& where, std::string& rules) {
  std::vector<std::string> list;
  if (!node.is_list()) return read_value(node, where, rules);
  ODK_TRY_VOID(read_value(node, where, list));
  rules.clear();
  for (const std::string& rule : list) rules += (rules.empty() ? "" : ",") + rule;
  return {};
}

void declare_listener_tls(Binder& binder, ListenerSecurityOptions::Tls& into) {
  const std::string prefix = "listen.security.tls.";
  binder.add(prefix + "cert_path", into.certificate_file, "the proxy's certificate and its chain");
  binder.add(prefix + "key_path", into.key_file, "its key; none: in the same file");
  binder.add(prefix + "ca_cert_path", into.client_ca_file, "who may issue client certificates");
  binder.add(prefix + "require_client_cert", into.requires_client_certificate,
             "refuse clients without a certificate");
  binder.custom(
      prefix + "principal.mapping_rules", "text or list",
      [&into](const ConfigNode& node, const Where& where) {
        return read_rules(node, where, into.mapping_rules);
      },
      "rules that make a user name of a certificate's subject, as Kafka's "
      "ssl.principal.mapping.rules");
}

void declare_listener_sasl(Binder& binder, SecurityConfig::Listener& into) {
  const std::string prefix = "listen.security.sasl.";
  ListenerSecurityOptions& options = into.options;
  binder.add(prefix + "enabled_mechanisms", options.mechanisms,
             "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER");
  binder.add(prefix + "credentials.users", options.users, "names and passwords");
  binder.add(prefix + "credentials.file", options.users_file,
             "a file with more of them, name:password a line");
  const std::string tokens = prefix + "oauthbearer.";
  binder.add(tokens + "jwks_url", options.tokens.keys_url,
             "where the keys that sign tokens are: https, or a file");
  binder.add(tokens + "public_key_path", options.tokens.keys_file, "instead: public keys in PEM");
  binder.add(tokens + "issuer", options.tokens.issuer, "the iss a token must have; none: any");
  binder.add(tokens + "audience", options.tokens.audiences, "the aud, one of them; none: any");
  binder.add(tokens + "required_scopes", options.tokens.required_scopes,
             "scopes a token must have, all of them");
  binder.add(tokens + "clock_skew_seconds", into.clock_skew, "how wrong clocks may be");
}

void declare_upstream(Binder& binder, SecurityConfig::Upstream& into) {
  binder.choice<std::string>("kafka.security_protocol", into.protocol, protocols(),
                             "how brokers are connected to");
  binder.add("kafka.tls.ca_cert_path", into.ca_file,
             "who issued the brokers' certificates; none: the system's authorities");
  binder.add("kafka.tls.cert_path", into.certificate_file, "the proxy's certificate for brokers");
  binder.add("kafka.tls.key_path", into.key_file, "its key; none: in the same file");
  binder.add("kafka.tls.insecure_skip_verify", into.insecure_skip_verify,
             "take any broker certificate; for tests only");
  binder.add("kafka.sasl.mechanism", into.mechanism, "how the proxy logs in at brokers");
  binder.add("kafka.sasl.username", into.username, "as whom, with PLAIN and SCRAM");
  binder.add("kafka.sasl.password", into.password, "its password");
  binder.add("kafka.sasl.token", into.token, "the token for OAUTHBEARER");
  binder.add("kafka.sasl.token_path", into.token_file,
             "instead: a file with the token, read for each login");
}

Result<void> read_operations(const ConfigNode& node, const Where& where,
                             std::set<Operation>& operations) {
  static constexpr std::array<std::pair<std::string_view, Operation>, 7> kWords = {
      {{"read", Operation::kRead},
       {"write", Operation::kWrite},
       {"create", Operation::kCreate},
       {"delete", Operation::kDelete},
       {"alter", Operation::kAlter},
       {"describe", Operation::kDescribe},
       {"describe_configs", Operation::kDescribeConfigs}}};
  std::vector<std::string> words;
  ODK_TRY_VOID(read_value(node, where, words));
  for (const std::string& word : words) {
    const auto known = std::ranges::find_if(
        kWords, [&](const auto& entry) { return word == "all" || entry.first == word; });
    if (known == kWords.end()) {
      return where.error(node, word +
                                   " is none of read, write, create, delete, alter, describe, "
                                   "describe_configs, all");
    }
    if (word != "all") operations.insert(known->second);
    if (word == "all") {
      for (const auto& entry : kWords) operations.insert(entry.second);
    }
  }
  return {};
}

void declare_rule(Binder& binder, AccessRule& into) {
  binder.add("principal", into.principal, "User:NAME, or * for everybody").required();
  binder
      .custom(
          "operations", "list of texts",
          [&into](const ConfigNode& node, const Where& where) {
            return read_operations(node, where, into.operations);
          },
          "read, write, create, delete, alter, describe, describe_configs, all")
      .required();
  binder.add("topic", into.topic, "for topics whose names begin so; *: all");
  binder.add("group", into.group, "the same for groups");
  binder.add("transactional_id", into.transactional_id, "the same for transactional ids");
}

bool uses_tls(const std::string& protocol) { return protocol == "SSL" || protocol == "SASL_SSL"; }
bool uses_sasl(const std::string& protocol) { return protocol.starts_with("SASL_"); }

}  // namespace

void declare_security(Binder& binder, SecurityConfig& into) {
  binder.choice<std::string>("listen.security.protocol", into.listener.protocol, protocols(),
                             "how clients connect");
  declare_listener_tls(binder, into.listener.options.tls);
  declare_listener_sasl(binder, into.listener);
  declare_upstream(binder, into.upstream);
  binder.list_of<AccessRule>("authorization", into.access, declare_rule,
                             "who may do what; none: everybody everything");
}

Result<std::shared_ptr<ListenerSecurity>> listener_security(const SecurityConfig& config) {
  ListenerSecurityOptions options = config.listener.options;
  options.has_tls = uses_tls(config.listener.protocol);
  options.has_sasl = uses_sasl(config.listener.protocol);
  options.tokens.clock_skew = config.listener.clock_skew;
  return ListenerSecurity::create(std::move(options));
}

Result<std::shared_ptr<UpstreamSecurity>> upstream_security(const SecurityConfig& config) {
  const SecurityConfig::Upstream& from = config.upstream;
  UpstreamSecurity::Options options;
  options.cluster.protocol = from.protocol;
  options.cluster.tls.ca.file = from.ca_file;
  options.cluster.tls.insecure_skip_verify = from.insecure_skip_verify;
  if (!from.certificate_file.empty()) {
    auth::TlsCertificate& certificate = options.cluster.tls.certificates.emplace_back();
    certificate.chain.file = from.certificate_file;
    certificate.key.file = from.key_file;
  }
  if (uses_sasl(from.protocol) && from.mechanism.empty()) {
    return Error(Errc::kConfig, "kafka.sasl.mechanism: needed with " + from.protocol);
  }
  options.cluster.sasl.mechanism = from.mechanism;
  options.cluster.sasl.username = from.username;
  options.cluster.sasl.password = from.password;
  options.cluster.sasl.token = from.token;
  if (uses_sasl(from.protocol)) options.token_file = from.token_file;
  return UpstreamSecurity::create(std::move(options));
}

}  // namespace odradek::proxy
