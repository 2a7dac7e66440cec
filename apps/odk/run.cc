// What all commands share: the client's options, errors to exit codes.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>

#include "commands.h"
#include "output.h"

namespace odk {

namespace ok = odradek::kafka;

namespace {

// docs/exit-codes.md
int exit_code(const ok::KafkaError& error) {
  switch (error.kind()) {
    case ok::ErrorKind::config:
    case ok::ErrorKind::invalid_argument: return 2;
    case ok::ErrorKind::network:
    case ok::ErrorKind::timeout:
    case ok::ErrorKind::authentication:
    case ok::ErrorKind::tls:
    case ok::ErrorKind::unsupported:
    case ok::ErrorKind::server: return 3;
    case ok::ErrorKind::protocol: return 5;
    case ok::ErrorKind::fenced: return 8;
    default: return 1;
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Lines "name=value" as in the files of Java clients and of kcat; '#' begins a comment line.
ok::Result<void> read_file(const std::string& path, ok::Properties& into) {
  std::ifstream file(path);
  if (!file) return wrong("cannot read " + path);
  size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::string_view text = trimmed(line);
    if (text.empty() || text.front() == '#') continue;
    const size_t at = text.find('=');
    if (at == std::string_view::npos) {
      return wrong(fmt::format("{}: line {} has no '='", path, number));
    }
    into[std::string(trimmed(text.substr(0, at)))] = trimmed(text.substr(at + 1));
  }
  return {};
}

void set_security(ok::ClientOptions& options, const Settings& settings) {
  if (settings.tls || !settings.ca_file.empty()) {
    const ok::Tls* const given = std::get_if<ok::Tls>(&options.security);
    ok::Tls tls = given == nullptr ? ok::Tls{} : *given;
    if (!settings.ca_file.empty()) tls.ca_file = settings.ca_file;
    options.security = tls;
  }
  if (settings.mechanism.empty()) return;
  const ok::Secret password = ok::Secret::from_env("ODK_PASSWORD");
  const std::string& user = settings.user;
  if (settings.mechanism == "PLAIN") options.auth = ok::Plain{user, password};
  if (settings.mechanism == "SCRAM-SHA-256") options.auth = ok::ScramSha256{user, password};
  if (settings.mechanism == "SCRAM-SHA-512") options.auth = ok::ScramSha512{user, password};
}

constexpr const char* kBrokerNames[] = {"bootstrap.servers", "metadata.broker.list"};

bool names_brokers(const ok::Properties& properties) {
  return std::ranges::any_of(kBrokerNames,
                             [&](const char* name) { return properties.contains(name); });
}

// Those typed with -X. Their texts are not repeated in errors: they may be secrets.
ok::Result<ok::Properties> typed_properties(const Settings& settings) {
  ok::Properties properties;
  for (size_t i = 0; i < settings.properties.size(); ++i) {
    auto [name, value] = split_pair(settings.properties[i]);
    if (!value) return wrong(fmt::format("-X number {}: no '='", i + 1));
    properties[name] = *value;
  }
  return properties;
}

// Where the brokers are, unless properties say so: what is typed counts more than the environment,
// and that more than a file.
std::optional<std::string> bootstrap_of(const Settings& settings, const ok::Properties& typed,
                                        const ok::Properties& all) {
  if (settings.bootstrap) return settings.bootstrap;
  if (names_brokers(typed)) return std::nullopt;
  const char* const environment = std::getenv("ODK_BOOTSTRAP");
  if (environment != nullptr && *environment != '\0') return environment;
  if (names_brokers(all)) return std::nullopt;
  return "localhost:9092";
}

ok::Result<ok::PropertyOptions> options_of(const Settings& settings) {
  ok::Properties properties;
  if (!settings.property_file.empty()) {
    if (auto read = read_file(settings.property_file, properties); !read) return read.error();
  }
  const auto typed = typed_properties(settings);
  if (!typed) return typed.error();
  if (names_brokers(*typed)) {
    for (const char* name : kBrokerNames) properties.erase(name);
  }
  for (const auto& [name, value] : *typed) properties[name] = value;
  auto options = ok::from_properties(properties);
  if (!options) return options.error();
  const auto bootstrap = bootstrap_of(settings, *typed, properties);
  if (bootstrap) options->client.bootstrap = *bootstrap;
  if (!properties.contains("client.id")) options->client.client_id = "odk";
  if (!properties.contains("auto.offset.reset")) options->consumer.start = ok::Start::earliest;
  if (settings.timeout_ms) {
    options->client.request_timeout = std::chrono::milliseconds(*settings.timeout_ms);
    if (properties.contains("request.timeout.ms")) {
      options->producer.request_timeout = options->client.request_timeout;
    }
  }
  set_security(options->client, settings);
  return options;
}

// What became of the output of a command that went well.
int output_code() {
  constexpr int kStorage = 4;
  constexpr int kSignalled = 128;
  if (is_written()) return 0;
  if (is_reader_gone()) return kSignalled + SIGPIPE;
  write_error("cannot write to standard output");
  return kStorage;
}

}  // namespace

int run(Settings& settings, Command command) {
  const auto fail = [](const ok::KafkaError& error) {
    write_error(error.to_string());
    return exit_code(error);
  };
  try {
    auto options = options_of(settings);
    if (!options) return fail(options.error());
    settings.options = *std::move(options);
    const ok::Client client(settings.options.client);
    const Outcome outcome = command(client, settings);
    return outcome ? output_code() : fail(outcome.error());
  } catch (const ok::ConfigError& error) {
    return fail(error.error());
  }
}

std::chrono::milliseconds wait_of(const Settings& settings) {
  if (settings.timeout_ms) return std::chrono::milliseconds(*settings.timeout_ms);
  return settings.options.client.request_timeout;
}

ok::KafkaError wrong(std::string message) {
  return {ok::ErrorKind::invalid_argument, std::move(message)};
}

std::pair<std::string, std::optional<std::string>> split_pair(const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos) return {text, std::nullopt};
  return {text.substr(0, at), text.substr(at + 1)};
}

ok::Result<std::vector<ok::TopicPartition>> partitions_of(const ok::Client& client,
                                                          const Settings& settings,
                                                          const std::vector<std::string>& topics) {
  ok::Admin admin(client);
  const auto described = ok::all(admin.describe_topics(topics, wait_of(settings)).get());
  if (!described) return described.error();
  const std::set<int32_t> wanted(settings.only_partitions.begin(), settings.only_partitions.end());
  std::vector<ok::TopicPartition> partitions;
  for (const ok::TopicInfo& topic : *described) {
    std::set<int32_t> missing = wanted;
    for (const ok::PartitionInfo& partition : topic.partitions) {
      if (!wanted.empty() && missing.erase(partition.id) == 0) continue;
      partitions.push_back({topic.name, partition.id});
    }
    if (missing.empty()) continue;
    return wrong(fmt::format("topic {} has no partition {}", topic.name, *missing.begin()));
  }
  return partitions;
}

}  // namespace odk
