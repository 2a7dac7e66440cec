// produce, consume, offsets, perf.
#include "arguments.h"

namespace odk {
namespace {

CLI::IsMember is_codec() { return CLI::IsMember({"none", "gzip", "snappy", "lz4", "zstd"}); }
CLI::IsMember is_acks() { return CLI::IsMember({"0", "1", "all"}); }

void add_produce(CLI::App& app, Settings& settings, Command& command) {
  CLI::App* sub =
      add_command(app, command, "produce", "send what stands on standard input", produce);
  sub->add_option("topic", settings.topic)->required();
  sub->add_option("file", settings.files, "each one is a record, or with -l many");
  sub->add_flag("-l,--lines", settings.by_line, "files hold a record a line");
  add_repeated(*sub, "-p,--partition", settings.only_partitions, "the only one");
  sub->add_option("-k,--key", settings.key, "of all records");
  sub->add_option("-K,--key-delimiter", settings.key_delimiter, "text between key and value");
  sub->add_option("-D,--delimiter", settings.record_delimiter, "text between records")
      ->capture_default_str();
  sub->add_flag("-Z,--null", settings.empty_is_null,
                "an empty value is a tombstone, an empty key none");
  add_repeated(*sub, "-H,--header", settings.headers, "name=value, may be repeated");
  sub->add_option("-z,--compression", settings.compression, "default: none")->check(is_codec());
  sub->add_option("--acks", settings.acks, "default: all")->check(is_acks());
  sub->add_option("-c,-n,--count", settings.count, "stop after so many records");
}

void add_consume(CLI::App& app, Settings& settings, Command& command) {
  CLI::App* sub = add_command(app, command, "consume", "print records", consume);
  sub->add_option("topic", settings.topics)->required();
  sub->add_option("-g,--group", settings.group, "read as a member of this group");
  sub->add_flag("--consumer-protocol", settings.consumer_protocol,
                "join by the protocol of KIP-848");
  add_repeated(*sub, "-p,--partition", settings.only_partitions, "may be repeated");
  add_repeated(*sub, "-o,--offset", settings.offsets,
               "where to begin: beginning (default), end, stored (with -g), N, -N for the last "
               "N, s@MS a time; e@MS where to end");
  sub->add_option("-c,-n,--count", settings.count, "stop after so many records");
  sub->add_flag("-e,--exit", settings.exit_at_end, "stop at the present end of all partitions");
  sub->add_option("-f,--format", settings.format,
                  "%t topic %p partition %o offset %k key %K its length %s or %v value %S its "
                  "length %R the same as 4 bytes %T time in ms %h headers %% and \\n \\t \\xHH");
  sub->add_option("-K,--key-delimiter", settings.key_delimiter, "print the key and this first");
  sub->add_option("-D,--delimiter", settings.record_delimiter, "text behind each record")
      ->capture_default_str();
  sub->add_flag("--committed", settings.read_committed, "no records of open transactions");
}

void add_offsets(CLI::App& app, Settings& settings, Command& command) {
  CLI::App* sub = add_command(app, command, "offsets", "offsets of partitions", query_offsets);
  sub->add_option("topic", settings.topics)->required();
  add_repeated(*sub, "-p,--partition", settings.only_partitions, "may be repeated");
  add_repeated(*sub, "-o,--offset", settings.offsets, "beginning, end (default), or a time in ms");
}

void add_perf(CLI::App& app, Settings& settings, Command& command) {
  CLI::App* perf = app.add_subcommand("perf", "what the client costs: time, CPU, memory");
  perf->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, Command run) {
    CLI::App* sub = add_command(*perf, command, name, about, run);
    sub->add_option("topic", settings.topic)->required();
    sub->add_option("-n,--count", settings.count, "records")->required();
    sub->add_option("-f,--file", settings.payload_file, "its lines are the values");
    sub->add_option("-s,--size", settings.payload_bytes, "of a value, without a file");
    sub->add_option("-z,--compression", settings.compression)->check(is_codec());
    sub->add_option("--acks", settings.acks)->check(is_acks());
    sub->add_option("--rate", settings.rate, "records a second (latency)");
    sub->add_flag("!--plain", settings.idempotent, "not idempotent");
  };
  add("produce", "as fast as it goes", perf_produce);
  add("consume", "as fast as it goes", perf_consume);
  add("latency", "one record after the other at a steady rate", perf_latency);
}

}  // namespace

void add_record_arguments(CLI::App& app, Settings& settings, Command& command) {
  add_produce(app, settings, command);
  add_consume(app, settings, command);
  add_offsets(app, settings, command);
  add_perf(app, settings, command);
}

}  // namespace odk
