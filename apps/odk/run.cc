// What all commands share: the client's options, errors to exit codes.
#include <fmt/format.h>

#include <fstream>
#include <set>

#include "commands.h"

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
  for (std::string line; std::getline(file, line);) {
    const std::string_view text = trimmed(line);
    if (text.empty() || text.front() == '#') continue;
    const size_t at = text.find('=');
    if (at == std::string_view::npos) {
      return wrong(
          fmt::format("{}: no '=' in a line that begins with {}", path, text.substr(0, 8)));
    }
    into[std::string(trimmed(text.substr(0, at)))] = trimmed(text.substr(at + 1));
  }
  return {};
}

ok::Result<void> set_security(ok::ClientOptions& options, const Settings& settings) {
  if (settings.tls || !settings.ca_file.empty()) {
    ok::Tls tls;
    tls.ca_file = settings.ca_file;
    options.security = tls;
  }
  if (settings.mechanism.empty()) return {};
  const ok::Secret password = ok::Secret::from_env("ODK_PASSWORD");
  const std::string& user = settings.user;
  if (settings.mechanism == "PLAIN") options.auth = ok::Plain{user, password};
  if (settings.mechanism == "SCRAM-SHA-256") options.auth = ok::ScramSha256{user, password};
  if (settings.mechanism == "SCRAM-SHA-512") options.auth = ok::ScramSha512{user, password};
  return {};
}

ok::Result<ok::PropertyOptions> options_of(const Settings& settings) {
  ok::Properties properties;
  if (!settings.property_file.empty()) {
    if (auto read = read_file(settings.property_file, properties); !read) return read.error();
  }
  for (const std::string& text : settings.properties) {
    auto [name, value] = split_pair(text);
    if (!value) return wrong("-X " + name + ": no '='");
    properties[name] = *value;
  }
  const bool names_brokers =
      properties.contains("bootstrap.servers") || properties.contains("metadata.broker.list");
  auto options = ok::from_properties(properties);
  if (!options) return options.error();
  if (!names_brokers) options->client.bootstrap = settings.bootstrap;
  if (!properties.contains("client.id")) options->client.client_id = "odk";
  options->client.request_timeout = wait_of(settings);
  if (auto set = set_security(options->client, settings); !set) return set.error();
  return options;
}

}  // namespace

int run(Settings& settings, Command command) {
  const auto fail = [](const ok::KafkaError& error) {
    fmt::print(stderr, "odk: {}\n", error.to_string());
    return exit_code(error);
  };
  try {
    auto options = options_of(settings);
    if (!options) return fail(options.error());
    settings.options = *std::move(options);
    const ok::Client client(settings.options.client);
    const Outcome outcome = command(client, settings);
    return outcome ? 0 : fail(outcome.error());
  } catch (const ok::ConfigError& error) {
    return fail(error.error());
  }
}

std::chrono::milliseconds wait_of(const Settings& settings) {
  return std::chrono::milliseconds(settings.timeout_ms);
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
    for (const ok::PartitionInfo& partition : topic.partitions) {
      if (!wanted.empty() && !wanted.contains(partition.id)) continue;
      partitions.push_back({topic.name, partition.id});
    }
  }
  if (partitions.size() < wanted.size()) return wrong("no such partition");
  return partitions;
}

}  // namespace odk
