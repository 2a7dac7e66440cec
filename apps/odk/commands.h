#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "odradek/kafka.h"

// The commands of odk. Each prints to standard output and returns an error to be printed.
namespace odk {

struct Settings {
  std::string bootstrap = "localhost:9092";
  int timeout_ms = 30'000;
  std::string ca_file;
  bool tls = false;
  std::string mechanism;
  std::string user;

  std::string topic;
  std::vector<std::string> topics;  // or groups, where a command takes several
  int32_t partitions = -1;
  int16_t replication_factor = -1;
  std::vector<std::string> configs;
  std::optional<int32_t> partition;
  std::string delimiter;
  std::string compression = "none";
  std::string acks = "all";
  std::vector<std::string> headers;
  std::string group;
  std::string start = "earliest";
  uint64_t count = UINT64_MAX;
  bool exit_at_end = false;
  bool read_committed = false;
  std::string format = "%v\\n";
  std::string payload_file;
  size_t payload_bytes = 1024;
  double rate = 500;
  bool idempotent = true;
};

using Outcome = odradek::kafka::Result<void>;
using Command = Outcome (*)(const odradek::kafka::Client&, const Settings&);

Outcome list(const odradek::kafka::Client& client, const Settings& settings);
Outcome create_topic(const odradek::kafka::Client& client, const Settings& settings);
Outcome delete_topics(const odradek::kafka::Client& client, const Settings& settings);
Outcome produce(const odradek::kafka::Client& client, const Settings& settings);
Outcome consume(const odradek::kafka::Client& client, const Settings& settings);
Outcome list_groups(const odradek::kafka::Client& client, const Settings& settings);
Outcome describe_group(const odradek::kafka::Client& client, const Settings& settings);
Outcome delete_groups(const odradek::kafka::Client& client, const Settings& settings);

Outcome perf_produce(const odradek::kafka::Client& client, const Settings& settings);
Outcome perf_consume(const odradek::kafka::Client& client, const Settings& settings);
Outcome perf_latency(const odradek::kafka::Client& client, const Settings& settings);

// What --acks and --compression say.
odradek::kafka::ProducerOptions producer_options(const Settings& settings);

// Connects and runs the command. The program's exit code; not 0 after one line on standard error.
int run(const Settings& settings, Command command);

// "name=value" as a pair; no value without '='.
std::pair<std::string, std::optional<std::string>> split_pair(const std::string& text);

}  // namespace odk
