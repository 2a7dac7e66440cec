#include "broker/program_config.h"

#include <fmt/format.h>

#include <charconv>

#include "broker/flush_policy.h"

namespace odradek::broker {
namespace {

constexpr uint16_t kDefaultPort = 9092;

void declare_topic(config::Binder& binder, ProgramConfig::Topic& topic) {
  binder.add("partitions", topic.partitions, "number of partitions; -1: num.partitions");
  binder.add("configs", topic.configs, "topic configuration by Kafka's names");
}

void declare_security(config::Binder& binder, ProgramConfig& into) {
  binder.add("tls.certificate", into.tls.certificate,
             "PEM file of the certificate and its chain; none: one is made for this run");
  binder.add("tls.key", into.tls.key, "PEM file of its key; none: in the certificate's file");
  binder.add("tls.key_password", into.tls.key_password, "password of the key");
  binder.add("tls.client_ca", into.tls.client_ca,
             "PEM file of authorities; clients must then show a certificate of theirs (mTLS)");
  binder.add("tls.development_ca", into.tls.development_ca,
             "file to write the authority of a certificate made for this run to");
  binder.add("users", into.users, "users of SASL PLAIN and SCRAM with their passwords");
  binder.add("users_file", into.users_file, "file of users, NAME:PASSWORD or salted, one a line");
  binder.add("insecure_any_user", into.insecure_any_user,
             "for tests: SASL takes every user with every password");
  binder.add("unsecured_tokens", into.unsecured_tokens,
             "for tests: OAUTHBEARER takes tokens without a signature");
  binder.add("acl", into.acl, "whether access control lists decide what clients may do");
  binder.add("super_users", into.super_users, "principals that may do everything, like User:admin");
}

Result<io::HostPort> address(std::string_view setting, const std::string& text, uint16_t port) {
  Result<io::HostPort> parsed = io::parse_host_port(text, port);
  if (parsed) return parsed;
  return Error(Errc::kConfig, fmt::format("{}: {}", setting, parsed.error().message()));
}

Error bad_topic(std::string_view text, std::string_view why) {
  return {Errc::kConfig, fmt::format("--topic {}: {}", text, why)};
}

// The next part of a text with commas between.
std::string_view next_part(std::string_view& rest) {
  const size_t comma = std::min(rest.find(','), rest.size());
  const std::string_view part = rest.substr(0, comma);
  rest.remove_prefix(std::min(comma + 1, rest.size()));
  return part;
}

}  // namespace

void declare_settings(config::Binder& binder, ProgramConfig& into) {
  binder.add("listen", into.listen,
             "addresses to listen on, HOST:PORT or PROTOCOL://HOST:PORT with PLAINTEXT, SSL, "
             "SASL_PLAINTEXT or SASL_SSL; port 0: a free one");
  binder.add("advertise", into.advertise,
             "addresses clients are told, one for each of listen; none: the one they reached");
  declare_security(binder, into);
  binder.map_of<ProgramConfig::Topic>("topics", into.topics, declare_topic,
                                      "topics to create at start, by name");
  binder.add("properties", into.properties, "broker properties by Kafka's names");
  binder.add("data", into.data, "directory to keep everything in; empty: in memory");
  binder.add("flush", into.flush,
             "when data is safe from a crash of the machine: os, a time like 50ms, or commit");
  binder.add("node_id", into.node_id, "number of this broker").range(0, 2'147'483'647);
  binder.add("cluster_id", into.cluster_id, "22 characters of base64url; empty: a random one");
  binder.add("memory", into.memory, "most that records may take; 0: a quarter of the machine's");
  binder.add("accept_any_replication_factor", into.accept_any_replication_factor,
             "topics may ask for more replicas than the one there is");
  binder.choice<bool>("on_full", into.refuse_when_full, {{"evict", false}, {"refuse", true}},
                      "when memory is full: drop the oldest records, or refuse new ones");
  binder.choice<Profile>("profile", into.profile,
                         {{"dev", Profile::kDev}, {"kafka", Profile::kKafka}},
                         "defaults for quick tests, or Apache Kafka's own");
  binder.add("http", into.http,
             "HOST:PORT of dashboard, metrics and health, or off; auto: 127.0.0.1:8080 if free");
  binder.add("http_token", into.http_token,
             "what the dashboard asks for; away from loopback it needs this or TLS");
  binder.add("http_hosts", into.http_hosts, "names the dashboard may be reached by");
  binder.add("http_certificate", into.http_certificate, "PEM file: HTTP with TLS");
  binder.add("http_key", into.http_key, "PEM file; empty: in http_certificate");
  binder.choice<LogLevel>("log.level", into.log_level,
                          {{"trace", LogLevel::trace},
                           {"debug", LogLevel::debug},
                           {"info", LogLevel::info},
                           {"warn", LogLevel::warn},
                           {"error", LogLevel::error},
                           {"off", LogLevel::off}},
                          "what is logged, to standard error");
  binder.choice<LogFormat>("log.format", into.log_format,
                           {{"text", LogFormat::text}, {"json", LogFormat::json}},
                           "how it is written");
}

Result<TopicSpec> parse_topic(std::string_view text) {
  TopicSpec topic;
  std::string_view rest = text;
  const std::string_view head = next_part(rest);
  const size_t colon = head.rfind(':');
  topic.name = head.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string_view number = head.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), topic.partitions);
    if (error != std::errc() || end != number.data() + number.size() || topic.partitions < 1) {
      return bad_topic(text, fmt::format("\"{}\" is no number of partitions", number));
    }
  }
  if (topic.name.empty()) return bad_topic(text, "the name is missing");
  while (!rest.empty()) {
    const std::string_view part = next_part(rest);
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      // A further item of the list before it: cleanup.policy=compact,delete.
      if (topic.configs.empty()) {
        return bad_topic(text, fmt::format("\"{}\" is not config=value", part));
      }
      topic.configs.back().second += fmt::format(",{}", part);
      continue;
    }
    topic.configs.emplace_back(part.substr(0, equals), part.substr(equals + 1));
  }
  return topic;
}

Result<BrokerOptions> broker_options(const ProgramConfig& config) {
  BrokerOptions options;
  options.listeners.clear();
  if (config.listen.empty()) return Error(Errc::kConfig, "listen: at least one address is needed");
  if (config.advertise.size() > config.listen.size()) {
    return Error(Errc::kConfig, "advertise: more addresses than in listen");
  }
  for (size_t i = 0; i < config.listen.size(); ++i) {
    ListenerSpec& listener = options.listeners.emplace_back();
    ODK_TRY(const Endpoint bind, parse_endpoint("listen", config.listen[i], kDefaultPort));
    if (!bind.name.empty()) listener.options.name = bind.name;
    listener.options.host = bind.address.host;
    listener.options.port = bind.address.port;
    if (i < config.advertise.size()) {
      ODK_TRY(listener.advertise, address("advertise", config.advertise[i], 0));
    }
  }
  for (const auto& [name, topic] : config.topics) {
    options.topics.push_back(
        {name, topic.partitions, {topic.configs.begin(), topic.configs.end()}});
  }
  options.properties = config.properties;
  if (config.acl) {
    options.properties.emplace("authorizer.class.name",
                               "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
  }
  if (!config.super_users.empty()) {
    options.properties.emplace("super.users",
                               fmt::format("{}", fmt::join(config.super_users, ";")));
  }
  options.security.users.assign(config.users.begin(), config.users.end());
  options.security.users_file = config.users_file;
  options.security.insecure_any_user = config.insecure_any_user;
  options.security.unsecured_tokens = config.unsecured_tokens;
  options.security.certificate.file = config.tls.certificate;
  options.security.key.file = config.tls.key;
  options.security.key_password = config.tls.key_password;
  options.security.client_ca.file = config.tls.client_ca;
  options.security.development_ca_file = config.tls.development_ca;
  options.data_directory = config.data;
  options.flush = config.flush;
  ODK_TRY_VOID(parse_flush_policy(config.flush));
  options.node_id = config.node_id;
  options.cluster_id = config.cluster_id;
  options.memory_bytes_max = config.memory.bytes;
  options.refuse_when_full = config.refuse_when_full;
  options.accept_any_replication_factor = config.accept_any_replication_factor;
  options.profile = config.profile;
  return options;
}

}  // namespace odradek::broker
