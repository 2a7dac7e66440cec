// The steps of `make demo` that a user's own program would do: produce events, read them with a
// group of three consumers, compare what was read with what was there. tools/demo.sh runs them.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "event.h"
#include "odradek/kafka.h"

namespace {

namespace kafka = odradek::kafka;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kMembers = 3;

// --name value pairs behind the command.
class Options {
 public:
  Options(int argc, char** argv) {
    for (int i = 2; i + 1 < argc; i += 2) {
      if (std::strncmp(argv[i], "--", 2) != 0)
        throw std::runtime_error("not an option: " + std::string(argv[i]));
      values_[argv[i] + 2] = argv[i + 1];
    }
  }
  const std::string& operator[](const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) throw std::runtime_error("--" + name + " is missing");
    return found->second;
  }

 private:
  std::map<std::string, std::string> values_;
};

// A bar that is redrawn on a terminal; elsewhere one line when the step is done.
void progress(const char* step, size_t done, size_t total) {
  constexpr size_t kWidth = 24;
  if (done < total && isatty(STDERR_FILENO) == 0) return;
  const size_t filled = total == 0 ? kWidth : done * kWidth / total;
  std::fprintf(stderr, "\r  %-28s [%s%s] %zu/%zu", step, std::string(filled, '#').c_str(),
               std::string(kWidth - filled, '.').c_str(), done, total);
  if (done == total) std::fprintf(stderr, "\n");
}

template <class T>
T check(kafka::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().to_string());
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void create_topic(const Options& options) {
  const kafka::Client client({.bootstrap = options["bootstrap"]});
  kafka::Admin admin(client);
  // The events are of 2013: without this, retention would delete them at once.
  const auto outcomes = check(admin
                                  .create_topics({{.name = options["topic"],
                                                   .partitions = std::stoi(options["partitions"]),
                                                   .configs = {{"retention.ms", "-1"}}}})
                                  .get());
  for (const auto& outcome : outcomes) check(outcome.result);
}

void produce(const Options& options) {
  const std::vector<demo::Event> events = demo::read_events(options["file"]);
  const kafka::Client client({.bootstrap = options["bootstrap"]});
  kafka::Producer producer(client, {.compression = kafka::Lz4()});
  const auto start = std::chrono::steady_clock::now();
  std::atomic<size_t> delivered = 0;
  std::atomic<size_t> failed = 0;
  size_t bytes = 0;
  size_t sent = 0;
  for (const demo::Event& event : events) {
    kafka::Record record{.topic = options["topic"], .value = event.line};
    if (!event.key.empty()) record.key = event.key;
    record.timestamp_ms = event.timestamp_ms;
    bytes += event.key.size() + event.line.size();
    check(producer.send(record, [&](const kafka::Result<kafka::RecordMetadata>& report) {
      if (!report && failed == 0)
        std::fprintf(stderr, "\n%s\n", report.error().to_string().c_str());
      ++(report ? delivered : failed);
    }));
    if (++sent % 1000 == 0) progress("produce", delivered, events.size());
  }
  check(producer.flush(seconds(60)).get());
  check(producer.close(seconds(10)).get());
  if (failed != 0) throw std::runtime_error(std::to_string(failed) + " records were not delivered");
  progress("produce", delivered, events.size());
  std::printf("records=%zu mb_s=%.1f\n", delivered.load(),
              static_cast<double>(bytes) / 1e6 / seconds_since(start));
}

// What the members of the group share.
struct Reading {
  std::mutex mutex;
  std::string file;
  size_t wanted = 0;
  size_t records = 0;
  size_t bytes = 0;
  std::set<int> members_with_records;
  std::string failure;
  std::chrono::steady_clock::time_point deadline;

  bool is_over() {
    const std::lock_guard lock(mutex);
    return records >= wanted || !failure.empty() || std::chrono::steady_clock::now() > deadline;
  }
};

void take(Reading& reading, int member, const kafka::RecordBatch& batch) {
  const std::lock_guard lock(reading.mutex);
  for (const kafka::RecordView& record : batch) {
    demo::append_seen(
        reading.file, batch.partition(),
        {std::string(record.key()), record.timestamp_ms(), std::string(record.value())});
    ++reading.records;
    reading.bytes += record.key().size() + record.value().size();
  }
  reading.members_with_records.insert(member);
  if (reading.records < reading.wanted) {
    progress("group of three reads", reading.records, reading.wanted);
  }
}

// One member: commits every batch it has written down, and stops when the group has enough.
void run_member(const Options& options, Reading& reading, int member) {
  try {
    const kafka::Client client(
        {.bootstrap = options["bootstrap"], .client_id = "member-" + std::to_string(member)});
    kafka::Consumer consumer(client, {.group = options["group"],
                                      .start = kafka::Start::earliest,
                                      .auto_commit = false,
                                      .fetch_bytes_max = 64 * 1024,
                                      .partition_bytes_max = 16 * 1024});
    check(consumer.subscribe({options["topic"]}));
    while (!reading.is_over()) {
      const kafka::RecordBatch batch = check(consumer.next(milliseconds(200)).get());
      if (batch.empty()) continue;
      take(reading, member, batch);
      check(consumer.commit(batch).get());
    }
    check(consumer.close(seconds(10)).get());
  } catch (const std::exception& failure) {
    const std::lock_guard lock(reading.mutex);
    if (reading.failure.empty()) reading.failure = failure.what();
  }
}

void read(const Options& options) {
  Reading reading;
  reading.file = options["seen"];
  reading.wanted = std::stoul(options["count"]);
  reading.deadline = std::chrono::steady_clock::now() + seconds(60);
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> members;
  members.reserve(kMembers);
  for (int i = 0; i < kMembers; ++i) {
    members.emplace_back([&options, &reading, i] { run_member(options, reading, i); });
  }
  for (std::thread& member : members) member.join();
  progress("group of three reads", reading.records, reading.records);
  if (!reading.failure.empty()) throw std::runtime_error(reading.failure);
  if (reading.records < reading.wanted) {
    throw std::runtime_error("only " + std::to_string(reading.records) +
                             " records within a minute");
  }
  std::printf("records=%zu mb_s=%.1f members=%zu\n", reading.records,
              static_cast<double>(reading.bytes) / 1e6 / seconds_since(start),
              reading.members_with_records.size());
}

// Nothing may be left to read: whatever the group has not got by now is beyond its positions.
void read_to_end(const Options& options) {
  const kafka::Client client({.bootstrap = options["bootstrap"]});
  kafka::Admin admin(client);
  size_t left = 0;
  for (const kafka::CommittedOffset& offset : check(admin.group_offsets(options["group"]).get())) {
    const auto end = check(admin.list_offsets({offset.partition}, kafka::OffsetSpec::latest).get());
    if (check(end.at(0).result).offset > offset.committed->offset) ++left;
  }
  std::printf("partitions_behind=%zu\n", left);
}

void compare(const Options& options) {
  const std::vector<demo::Event> events = demo::read_events(options["file"]);
  const std::vector<demo::Seen> seen = demo::read_seen(options["seen"]);
  std::map<std::string, int> expected;
  for (const demo::Event& event : events) ++expected[event.line];
  std::map<std::string, std::vector<const demo::Event*>> order_by_key;
  for (const demo::Event& event : events) {
    if (!event.key.empty()) order_by_key[event.key].push_back(&event);
  }
  size_t repeated = 0;
  size_t different = 0;
  size_t out_of_order = 0;
  std::map<std::string, size_t> next_of_key;
  std::map<std::string, int32_t> partition_of_key;
  for (const demo::Seen& record : seen) {
    const auto known = expected.find(record.event.line);
    if (known == expected.end()) {
      ++different;
    } else if (known->second-- == 0) {
      ++repeated;
      known->second = 0;
    }
    if (record.event.key.empty()) continue;
    const auto& order = order_by_key[record.event.key];
    size_t& next = next_of_key[record.event.key];
    if (next >= order.size() || *order[next] != record.event) ++out_of_order;
    ++next;
    const auto home = partition_of_key.emplace(record.event.key, record.partition).first;
    if (home->second != record.partition) ++out_of_order;
  }
  size_t lost = 0;
  for (const auto& [line, count] : expected) lost += static_cast<size_t>(count);
  std::printf("events=%zu read=%zu lost=%zu repeated=%zu different=%zu out_of_order=%zu\n",
              events.size(), seen.size(), lost, repeated, different, out_of_order);
  if (lost + repeated + different + out_of_order != 0) {
    throw std::runtime_error("what was read is not what was produced");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, void (*)(const Options&)> commands = {{"create-topic", create_topic},
                                                                    {"produce", produce},
                                                                    {"read", read},
                                                                    {"read-to-end", read_to_end},
                                                                    {"compare", compare}};
  const auto command = commands.find(argc > 1 ? argv[1] : "");
  if (command == commands.end()) {
    std::fprintf(stderr, "usage: odradek-demo create-topic|produce|read|read-to-end|compare ...\n");
    return 2;
  }
  try {
    command->second(Options(argc, argv));
    return 0;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "\nodradek-demo %s: %s\n", argv[1], failure.what());
    return 1;
  }
}
