#include <fmt/format.h>

#include <cstdlib>
#include <map>

#include "commands.h"

namespace odk {

namespace ok = odradek::kafka;

namespace {

std::chrono::milliseconds wait_of(const Settings& settings) {
  return std::chrono::milliseconds(settings.timeout_ms);
}

ok::ClientOptions client_options(const Settings& settings) {
  ok::ClientOptions options;
  options.request_timeout = wait_of(settings);
  options.bootstrap = settings.bootstrap;
  options.client_id = "odk";
  if (settings.tls || !settings.ca_file.empty()) {
    ok::Tls tls;
    tls.ca_file = settings.ca_file;
    options.security = tls;
  }
  if (settings.mechanism.empty()) return options;
  const ok::Secret password = ok::Secret::from_env("ODK_PASSWORD");
  if (settings.mechanism == "PLAIN") options.auth = ok::Plain{settings.user, password};
  if (settings.mechanism == "SCRAM-SHA-256")
    options.auth = ok::ScramSha256{settings.user, password};
  if (settings.mechanism == "SCRAM-SHA-512")
    options.auth = ok::ScramSha512{settings.user, password};
  return options;
}

// docs/exit-codes.md
int exit_code(const ok::KafkaError& error) {
  switch (error.kind()) {
    case ok::ErrorKind::config:
    case ok::ErrorKind::invalid_argument: return 2;
    case ok::ErrorKind::network:
    case ok::ErrorKind::timeout:
    case ok::ErrorKind::authentication:
    case ok::ErrorKind::tls:
    case ok::ErrorKind::server: return 3;
    case ok::ErrorKind::protocol: return 5;
    default: return 1;
  }
}

// The first thing that failed.
Outcome all_done(const ok::Result<std::vector<ok::Outcome>>& outcomes) {
  if (!outcomes) return outcomes.error();
  for (const ok::Outcome& outcome : *outcomes) {
    if (!outcome.result) return outcome.result;
  }
  return {};
}

}  // namespace

int run(const Settings& settings, Command command) {
  try {
    const ok::Client client(client_options(settings));
    const Outcome outcome = command(client, settings);
    if (outcome) return 0;
    fmt::print(stderr, "odk: {}\n", outcome.error().to_string());
    return exit_code(outcome.error());
  } catch (const ok::ConfigError& error) {
    fmt::print(stderr, "odk: {}\n", error.what());
    return exit_code(error.error());
  }
}

std::pair<std::string, std::optional<std::string>> split_pair(const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos) return {text, std::nullopt};
  return {text.substr(0, at), text.substr(at + 1)};
}

Outcome list(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  const auto cluster = admin.describe_cluster(wait_of(settings)).get();
  if (!cluster) return cluster.error();
  fmt::print("cluster {}, controller {}\n", cluster->id, cluster->controller);
  for (const ok::BrokerInfo& broker : cluster->brokers) {
    fmt::print("  broker {} at {}:{}\n", broker.id, broker.host, broker.port);
  }
  const auto topics = admin.list_topics(wait_of(settings)).get();
  if (!topics) return topics.error();
  fmt::print("{} topics\n", topics->size());
  for (const ok::TopicInfo& topic : *topics) {
    fmt::print("  {} with {} partitions\n", topic.name, topic.partitions.size());
  }
  return {};
}

Outcome create_topic(const ok::Client& client, const Settings& settings) {
  ok::NewTopic topic;
  topic.name = settings.topic;
  topic.partitions = settings.partitions;
  topic.replication_factor = settings.replication_factor;
  for (const std::string& config : settings.configs) {
    auto [name, value] = split_pair(config);
    topic.configs[name] = value.value_or("");
  }
  ok::Admin admin(client);
  return all_done(admin.create_topics({topic}, wait_of(settings)).get());
}

Outcome delete_topics(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  return all_done(admin.delete_topics(settings.topics, wait_of(settings)).get());
}

Outcome list_groups(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  const auto groups = admin.list_groups(wait_of(settings)).get();
  if (!groups) return groups.error();
  for (const ok::GroupListing& group : *groups) {
    fmt::print("{}\t{}\t{}\n", group.id, group.state, group.type);
  }
  return {};
}

Outcome describe_group(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  const auto group = admin.describe_group(settings.group, wait_of(settings)).get();
  if (!group) return group.error();
  fmt::print("group {}: {}, assignor {}, {} members\n", group->id, group->state, group->assignor,
             group->members.size());
  std::map<ok::TopicPartition, std::string> owners;
  for (const ok::GroupMember& member : group->members) {
    for (const ok::TopicPartition& id : member.assignment) owners[id] = member.client_id;
  }
  const auto offsets = admin.group_offsets(settings.group, wait_of(settings)).get();
  if (!offsets) return offsets.error();
  std::vector<ok::TopicPartition> partitions;
  for (const ok::CommittedOffset& item : *offsets) partitions.push_back(item.partition);
  const auto ends = admin.list_offsets(partitions, ok::OffsetSpec::latest, wait_of(settings)).get();
  if (!ends) return ends.error();
  for (size_t i = 0; i < offsets->size(); ++i) {
    const ok::CommittedOffset& item = (*offsets)[i];
    if (!item.committed) continue;
    const int64_t end = (*ends)[i].offset;
    fmt::print("  {}-{}\tcommitted {}\tend {}\tlag {}\t{}\n", item.partition.topic,
               item.partition.partition, item.committed->offset, end, end - item.committed->offset,
               owners[item.partition]);
  }
  return {};
}

Outcome delete_groups(const ok::Client& client, const Settings& settings) {
  ok::Admin admin(client);
  return all_done(admin.delete_groups(settings.topics, wait_of(settings)).get());
}

}  // namespace odk
