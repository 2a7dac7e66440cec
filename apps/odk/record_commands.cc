#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "commands.h"

namespace odk {

namespace ok = odradek::kafka;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

volatile std::sig_atomic_t stop_asked = 0;

void ask_to_stop(int /*signal*/) { stop_asked = 1; }

ok::Compression compression(const std::string& name) {
  if (name == "gzip") return ok::Gzip();
  if (name == "snappy") return ok::Snappy();
  if (name == "lz4") return ok::Lz4();
  if (name == "zstd") return ok::Zstd();
  return {};
}

ok::Acks acks(const std::string& name) {
  if (name == "0") return ok::Acks::none;
  return name == "1" ? ok::Acks::leader : ok::Acks::all;
}

// Appends the record as the format says. Unknown letters stand for themselves.
void print_record(const std::string& format, const ok::RecordBatch& batch,
                  const ok::RecordView& record, std::string& out) {
  for (size_t i = 0; i < format.size(); ++i) {
    const char next = i + 1 < format.size() ? format[i + 1] : '\0';
    if (format[i] == '\\' && (next == 'n' || next == 't')) {
      out += next == 'n' ? '\n' : '\t';
      ++i;
    } else if (format[i] == '%' && next != '\0') {
      ++i;
      switch (next) {
        case 't': out += batch.topic(); break;
        case 'p': out += std::to_string(batch.partition()); break;
        case 'o': out += std::to_string(record.offset()); break;
        case 'k': out += record.key(); break;
        case 'v': out += record.value(); break;
        case 'T': out += std::to_string(record.timestamp_ms()); break;
        case 'h':
          for (const ok::Header& header : record.headers()) {
            out += fmt::format("{}={},", header.key, header.value.value_or(""));
          }
          break;
        default: out += next;
      }
    } else {
      out += format[i];
    }
  }
}

// Where reading ends with --exit: the ends of all partitions as of now, without empty ones.
ok::Result<std::map<ok::TopicPartition, int64_t>> ends_of(const ok::Client& client,
                                                          const Settings& settings) {
  ok::Admin admin(client);
  const auto topics = admin.describe_topics(settings.topics).get();
  if (!topics) return topics.error();
  std::vector<ok::TopicPartition> partitions;
  for (const ok::TopicInfo& topic : *topics) {
    for (const ok::PartitionInfo& partition : topic.partitions) {
      partitions.push_back({topic.name, partition.id});
    }
  }
  const auto first = admin.list_offsets(partitions, ok::OffsetSpec::earliest).get();
  if (!first) return first.error();
  const auto last = admin.list_offsets(partitions, ok::OffsetSpec::latest).get();
  if (!last) return last.error();
  std::map<ok::TopicPartition, int64_t> ends;
  for (size_t i = 0; i < partitions.size(); ++i) {
    if ((*last)[i].offset > (*first)[i].offset) ends[partitions[i]] = (*last)[i].offset;
  }
  return ends;
}

Outcome begin(const ok::Client& client, ok::Consumer& consumer, const Settings& settings) {
  if (!settings.group.empty()) return consumer.subscribe(settings.topics);
  ok::Admin admin(client);
  const auto topics = admin.describe_topics(settings.topics).get();
  if (!topics) return topics.error();
  std::vector<ok::TopicPartition> partitions;
  for (const ok::TopicInfo& topic : *topics) {
    for (const ok::PartitionInfo& partition : topic.partitions) {
      partitions.push_back({topic.name, partition.id});
    }
  }
  return consumer.assign(partitions);
}

}  // namespace

ok::ProducerOptions producer_options(const Settings& settings) {
  ok::ProducerOptions options;
  options.acks = acks(settings.acks);
  options.compression = compression(settings.compression);
  return options;
}

Outcome produce(const ok::Client& client, const Settings& settings) {
  ok::Producer producer(client, producer_options(settings));

  std::vector<std::pair<std::string, std::optional<std::string>>> pairs;
  for (const std::string& text : settings.headers) pairs.push_back(split_pair(text));
  std::vector<ok::Header> headers;
  for (const auto& [name, value] : pairs) headers.push_back({name, value});

  std::atomic<uint64_t> failed = 0;
  ok::Record record;
  record.topic = settings.topic;
  record.partition = settings.partition;
  record.headers = headers;
  for (std::string line; std::getline(std::cin, line);) {
    const std::string_view text = line;
    const size_t at =
        settings.delimiter.empty() ? std::string::npos : text.find(settings.delimiter);
    record.key.reset();
    if (at != std::string::npos) record.key = text.substr(0, at);
    record.value = at == std::string::npos ? text : text.substr(at + settings.delimiter.size());
    const auto sent = producer.send(record, [&failed](const ok::Result<ok::RecordMetadata>& done) {
      if (done) return;
      if (failed++ == 0) fmt::print(stderr, "odk: {}\n", done.error().to_string());
    });
    if (!sent) return sent;
  }
  const auto closed = producer.close(seconds(120)).get();
  if (!closed) return closed;
  if (failed == 0) return {};
  return ok::KafkaError(ok::ErrorKind::server, fmt::format("{} records failed", failed.load()));
}

Outcome consume(const ok::Client& client, const Settings& settings) {
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  ok::ConsumerOptions options;
  options.group = settings.group;
  options.start = settings.start == "latest" ? ok::Start::latest : ok::Start::earliest;
  if (settings.read_committed) options.isolation = ok::Isolation::read_committed;
  ok::Consumer consumer(client, options);
  std::map<ok::TopicPartition, int64_t> ends;
  if (settings.exit_at_end) {
    auto found = ends_of(client, settings);
    if (!found) return found.error();
    ends = *std::move(found);
    if (ends.empty()) return {};
  }
  if (const Outcome begun = begin(client, consumer, settings); !begun) return begun;

  uint64_t count = 0;
  std::string out;
  while (stop_asked == 0 && count < settings.count) {
    auto batch = consumer.next(milliseconds(500)).get();
    if (!batch) return batch.error();
    out.clear();
    for (const ok::RecordView& record : *batch) {
      print_record(settings.format, *batch, record, out);
      if (++count == settings.count) break;
    }
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) break;
    std::fflush(stdout);
    if (!settings.exit_at_end) continue;
    if (!batch->empty()) {
      const auto end = ends.find({std::string(batch->topic()), batch->partition()});
      if (end != ends.end() && batch->next_offset() >= end->second) ends.erase(end);
    }
    // Control records at the end are not handed out: the position tells that they were passed.
    for (auto end = ends.begin(); end != ends.end();) {
      const auto lag = consumer.lag(end->first);
      end = lag && *lag == 0 ? ends.erase(end) : std::next(end);
    }
    if (ends.empty()) break;
  }
  return consumer.close(seconds(10)).get();
}

}  // namespace odk
