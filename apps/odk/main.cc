// odk: look at a Kafka cluster and move records from and to the terminal.

#include <CLI/CLI.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "commands.h"

namespace {

constexpr int kUsage = 2;

void add_topics(CLI::App& app, odk::Settings& settings, odk::Command& command) {
  CLI::App* topics = app.add_subcommand("topics", "create and delete topics");
  topics->require_subcommand(1);
  CLI::App* create = topics->add_subcommand("create", "create a topic");
  create->add_option("name", settings.topic)->required();
  create->add_option("-p,--partitions", settings.partitions, "default: the broker's");
  create->add_option("-r,--replication-factor", settings.replication_factor);
  create->add_option("-c,--config", settings.configs, "name=value, may be repeated");
  create->callback([&] { command = odk::create_topic; });
  CLI::App* remove = topics->add_subcommand("delete", "delete topics");
  remove->add_option("name", settings.topics)->required();
  remove->callback([&] { command = odk::delete_topics; });
}

void add_records(CLI::App& app, odk::Settings& settings, odk::Command& command) {
  CLI::App* produce = app.add_subcommand("produce", "send lines of standard input");
  produce->add_option("topic", settings.topic)->required();
  produce->add_option("-p,--partition", settings.partition);
  produce->add_option("-K,--key-delimiter", settings.delimiter, "text between key and value");
  produce->add_option("-z,--compression", settings.compression)
      ->check(CLI::IsMember({"none", "gzip", "snappy", "lz4", "zstd"}));
  produce->add_option("--acks", settings.acks)->check(CLI::IsMember({"0", "1", "all"}));
  produce->add_option("--header", settings.headers, "name=value, may be repeated");
  produce->callback([&] { command = odk::produce; });

  CLI::App* consume = app.add_subcommand("consume", "print records");
  consume->add_option("topic", settings.topics)->required();
  consume->add_option("-g,--group", settings.group, "read as a member of this group");
  consume->add_option("-o,--offset", settings.start)->check(CLI::IsMember({"earliest", "latest"}));
  consume->add_option("-n,--count", settings.count, "stop after so many records");
  consume->add_flag("-e,--exit", settings.exit_at_end, "stop at the end of all partitions");
  consume->add_option("-f,--format", settings.format,
                      "%t topic %p partition %o offset %k key %v value %T time %h headers \\n \\t");
  consume->add_flag("--committed", settings.read_committed, "no records of open transactions");
  consume->callback([&] { command = odk::consume; });
}

void add_groups(CLI::App& app, odk::Settings& settings, odk::Command& command) {
  CLI::App* groups = app.add_subcommand("groups", "list, describe and delete groups");
  groups->require_subcommand(1);
  groups->add_subcommand("list", "all groups")->callback([&] { command = odk::list_groups; });
  CLI::App* describe = groups->add_subcommand("describe", "members, offsets and lag");
  describe->add_option("group", settings.group)->required();
  describe->callback([&] { command = odk::describe_group; });
  CLI::App* remove = groups->add_subcommand("delete", "delete groups without members");
  remove->add_option("group", settings.topics)->required();
  remove->callback([&] { command = odk::delete_groups; });
}

void add_perf(CLI::App& app, odk::Settings& settings, odk::Command& command) {
  CLI::App* perf = app.add_subcommand("perf", "what the client costs: time, CPU, memory");
  perf->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, odk::Command run) {
    CLI::App* sub = perf->add_subcommand(name, about);
    sub->add_option("topic", settings.topic)->required();
    sub->add_option("-n,--count", settings.count, "records")->required();
    sub->add_option("-f,--file", settings.payload_file, "its lines are the values");
    sub->add_option("-s,--size", settings.payload_bytes, "of a value, without a file");
    sub->add_option("-z,--compression", settings.compression)
        ->check(CLI::IsMember({"none", "gzip", "snappy", "lz4", "zstd"}));
    sub->add_option("--acks", settings.acks)->check(CLI::IsMember({"0", "1", "all"}));
    sub->add_option("--rate", settings.rate, "records a second (latency)");
    sub->add_flag("!--plain", settings.idempotent, "not idempotent");
    sub->callback([&command, run] { command = run; });
  };
  add("produce", "as fast as it goes", odk::perf_produce);
  add("consume", "as fast as it goes", odk::perf_consume);
  add("latency", "one record after the other at a steady rate", odk::perf_latency);
}

void add_security(CLI::App& app, odk::Settings& settings) {
  app.add_option("--timeout-ms", settings.timeout_ms, "how long a broker may take to answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--ca", settings.ca_file, "PEM file of trusted certificates; turns TLS on");
  app.add_flag("--tls", settings.tls, "TLS with the system's certificates");
  app.add_option("--mechanism", settings.mechanism, "SASL")
      ->check(CLI::IsMember({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}));
  app.add_option("--user", settings.user, "SASL; the password is in ODK_PASSWORD");
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  odk::Settings settings;
  odk::Command command = nullptr;
  CLI::App app{"Look at a Kafka cluster and move records from and to the terminal.", "odk"};
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("-b,--bootstrap", settings.bootstrap, "host:port,host:port")
      ->envname("ODK_BOOTSTRAP")
      ->capture_default_str();
  add_security(app, settings);
  app.add_subcommand("list", "brokers and topics")->callback([&] { command = odk::list; });
  add_topics(app, settings, command);
  add_records(app, settings, command);
  add_groups(app, settings, command);
  add_perf(app, settings, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return odk::run(settings, command);
}
