#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "odradek/kafka.h"

// The commands of odk. Each prints to standard output and returns an error to be printed.
namespace odk {

// What the command line says. Texts keep what they were typed as; the commands check them. What
// was given wins over a property, and a property over the default.
struct Settings {
  std::optional<std::string> bootstrap;
  std::optional<int> timeout_ms;
  std::string ca_file;
  bool tls = false;
  std::string mechanism;
  std::string user;
  std::vector<std::string> properties;  // -X name=value
  std::string property_file;
  bool json = false;
  // Of -X, the property file and the options above; made before the command runs.
  odradek::kafka::PropertyOptions options;

  std::string topic;
  std::vector<std::string> topics;  // or groups, where a command takes several
  int32_t partitions = -1;
  int16_t replication_factor = -1;
  std::vector<std::string> configs;

  // Records.
  std::vector<int32_t> only_partitions;
  std::string key_delimiter;
  std::string record_delimiter = "\\n";
  std::optional<std::string> key;
  bool empty_is_null = false;
  bool by_line = false;
  std::vector<std::string> files;
  std::optional<std::string> compression;
  std::optional<std::string> acks;
  std::vector<std::string> headers;
  std::string group;
  bool consumer_protocol = false;
  std::vector<std::string> offsets;
  uint64_t count = UINT64_MAX;
  bool exit_at_end = false;
  bool read_committed = false;
  std::string format;

  // Groups and configurations.
  std::vector<std::string> states;
  std::vector<std::string> types;
  std::string resource_type = "topic";
  std::string resource;
  bool changed_only = false;

  // ACLs.
  std::string pattern;
  std::string principal;
  std::string host;
  std::string operation;
  bool deny = false;
  bool all = false;

  // perf.
  std::string payload_file;
  size_t payload_bytes = 1024;
  double rate = 500;
  bool idempotent = true;
};

using Outcome = odradek::kafka::Result<void>;
using Command = Outcome (*)(const odradek::kafka::Client&, const Settings&);

Outcome list(const odradek::kafka::Client& client, const Settings& settings);
Outcome describe_topics(const odradek::kafka::Client& client, const Settings& settings);
Outcome create_topic(const odradek::kafka::Client& client, const Settings& settings);
Outcome delete_topics(const odradek::kafka::Client& client, const Settings& settings);
Outcome add_partitions(const odradek::kafka::Client& client, const Settings& settings);
Outcome query_offsets(const odradek::kafka::Client& client, const Settings& settings);

Outcome produce(const odradek::kafka::Client& client, const Settings& settings);
Outcome consume(const odradek::kafka::Client& client, const Settings& settings);

Outcome list_groups(const odradek::kafka::Client& client, const Settings& settings);
Outcome describe_group(const odradek::kafka::Client& client, const Settings& settings);
Outcome delete_groups(const odradek::kafka::Client& client, const Settings& settings);
Outcome reset_group(const odradek::kafka::Client& client, const Settings& settings);

Outcome describe_configs(const odradek::kafka::Client& client, const Settings& settings);
Outcome alter_configs(const odradek::kafka::Client& client, const Settings& settings);

Outcome list_acls(const odradek::kafka::Client& client, const Settings& settings);
Outcome add_acl(const odradek::kafka::Client& client, const Settings& settings);
Outcome remove_acls(const odradek::kafka::Client& client, const Settings& settings);

Outcome perf_produce(const odradek::kafka::Client& client, const Settings& settings);
Outcome perf_consume(const odradek::kafka::Client& client, const Settings& settings);
Outcome perf_latency(const odradek::kafka::Client& client, const Settings& settings);

// What -X, --acks and --compression say.
odradek::kafka::ProducerOptions producer_options(const Settings& settings);

// Connects and runs the command. The program's exit code; not 0 after one line on standard error.
int run(Settings& settings, Command command);

// How long a broker may take to answer.
std::chrono::milliseconds wait_of(const Settings& settings);

// A usage error: exit code 2.
odradek::kafka::KafkaError wrong(std::string message);

// "name=value" as a pair; no value without '='.
std::pair<std::string, std::optional<std::string>> split_pair(const std::string& text);

// The partitions of the topics, or those that -p names, which each topic must have.
odradek::kafka::Result<std::vector<odradek::kafka::TopicPartition>> partitions_of(
    const odradek::kafka::Client& client, const Settings& settings,
    const std::vector<std::string>& topics);

}  // namespace odk
