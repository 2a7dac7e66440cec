// Topics with everything a record can be, and what is in a topic as text; see README.md.
//   zoo produce BOOTSTRAP PARTITIONS RECORDS     RECORDS of 1 KiB on each partition of `bulk`, and
//   the
//                                                topics zoo-*
//   zoo bulk BOOTSTRAP PARTITIONS RECORDS        `bulk` alone
//   zoo dump BOOTSTRAP TOPIC...                  a line for each committed record
#include <charconv>
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "odradek/kafka.h"

namespace {

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

constexpr int64_t kTime = 1'700'000'000'000;

[[noreturn]] void die(std::string_view what, const ok::KafkaError& error) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(),
               error.to_string().c_str());
  std::exit(1);
}

template <class T>
void must(std::string_view what, const ok::Result<T>& result) {
  if (!result) die(what, result.error());
}

int64_t number(std::string_view text) {
  int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

// Long values as a hash (FNV-1a) and their size.
std::string shown(std::string_view bytes) {
  constexpr size_t kWhole = 64;
  if (bytes.size() <= kWhole) return hex(bytes);
  uint64_t hash = 14695981039346656037U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return std::to_string(bytes.size()) + "#" + std::to_string(hash);
}

// --- produce

void create(const ok::Client& client, const std::string& name, int32_t partitions,
            std::map<std::string, std::string> configs) {
  configs.try_emplace("retention.ms", "-1");
  configs.try_emplace("message.timestamp.after.max.ms", "9223372036854775807");
  ok::Admin admin(client);
  const auto created =
      admin.create_topics({{.name = name, .partitions = partitions, .configs = configs}}).get();
  must("create " + name, created);
  for (const auto& topic : *created) must("create " + name, topic.result);
}

class Sender {
 public:
  Sender(const ok::Client& client, ok::ProducerOptions options)
      : producer_(client, std::move(options)) {}

  void send(const ok::Record& record) {
    must("send", producer_.send(record, [](const auto& report) { must("record", report); }));
  }
  void flush() { must("flush", producer_.flush(120s).get()); }
  ok::Producer& producer() { return producer_; }

 private:
  ok::Producer producer_;
};

std::string json_line(int64_t i, size_t bytes) {
  std::string line = "{\"id\":" + std::to_string(i) + ",\"customer\":\"c" +
                     std::to_string((i * 2654435761U) % 100'000) +
                     "\",\"amount\":" + std::to_string((i * 40503U) % 10'000) + ",\"text\":\"";
  uint64_t state = static_cast<uint64_t>(i) * 6364136223846793005U + 1442695040888963407U;
  while (line.size() + 2 < bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    line += static_cast<char>('a' + (state >> 33U) % 20);
  }
  return line + "\"}";
}

void produce_bulk(const ok::Client& client, int32_t partitions, int64_t records) {
  constexpr size_t kBytes = 1024;
  create(client, "bulk", partitions, {});
  Sender sender(client, {.compression = ok::Lz4()});
  for (int64_t i = 0; i < records; ++i) {
    for (int32_t p = 0; p < partitions; ++p) {
      const std::string value = json_line(i * partitions + p, kBytes);
      const std::string key = "k" + std::to_string(i);
      ok::Record record{.topic = "bulk", .key = key, .value = value};
      record.partition = p;
      record.timestamp_ms = kTime + i;
      sender.send(record);
    }
  }
  sender.flush();
}

// Headers twice, null and empty; keys and values null and empty; names that are no UTF-8.
void send_animals(Sender& sender, const std::string& topic, int64_t first_time) {
  const std::string_view odd("\xff\xfe", 2);
  const std::vector<ok::Header> twice = {{"h", "1"}, {"h", "2"}, {"h", "1"}};
  const std::vector<ok::Header> empty = {{"n", std::nullopt}, {"e", ""}, {"", "no name"}};
  const std::vector<ok::Header> bytes = {{"bytes", odd}};
  const std::optional<std::string_view> fields[] = {std::nullopt, "", "text", odd};
  int64_t i = 0;
  for (const auto& key : fields) {
    for (const auto& value : fields) {
      for (const auto* headers : {&twice, &empty, &bytes}) {
        ok::Record record{.topic = topic, .key = key, .value = value, .headers = *headers};
        record.partition = 0;
        record.timestamp_ms = first_time + (i * 7919) % 101 - 50;  // out of order
        sender.send(record);
        ++i;
      }
    }
  }
  sender.flush();
}

void produce_codecs(const ok::Client& client) {
  create(client, "zoo-codecs", 1, {});
  int64_t time = kTime;
  for (const ok::Compression& codec :
       {ok::Compression{}, ok::Gzip(), ok::Snappy(), ok::Lz4(), ok::Zstd()}) {
    Sender sender(client, {.batch_bytes = 2000, .compression = codec});
    send_animals(sender, "zoo-codecs", time);
    time -= 10'000;
  }
}

void produce_times(const ok::Client& client) {
  create(client, "zoo-times", 1, {});
  Sender sender(client, {});
  const int64_t times[] = {0, 1, kTime, 253'402'300'799'000, kTime - 1, 32'503'680'000'000, 5};
  for (const int64_t time : times) {
    const std::string value = std::to_string(time);
    ok::Record record{.topic = "zoo-times", .value = value};
    record.partition = 0;
    record.timestamp_ms = time;
    sender.send(record);
  }
  sender.flush();
}

void produce_append_time(const ok::Client& client) {
  create(client, "zoo-append-time", 1, {{"message.timestamp.type", "LogAppendTime"}});
  for (const ok::Compression& codec : {ok::Compression{}, ok::Zstd()}) {
    Sender sender(client, {.compression = codec});
    send_animals(sender, "zoo-append-time", kTime);
  }
}

// Committed and aborted transactions of two producers, mixed with records of no transaction.
void produce_transactions(const ok::Client& client) {
  create(client, "zoo-transactions", 1, {});
  Sender plain(client, {});
  Sender one(client, {.transactional_id = "zoo-one"});
  Sender two(client, {.transactional_id = "zoo-two"});
  const auto send = [](ok::Transaction& transaction, const std::string& value) {
    ok::Record record{.topic = "zoo-transactions", .value = value};
    record.partition = 0;
    record.timestamp_ms = kTime;
    must("transactional send", transaction.send(record).get());
  };
  for (int round = 0; round < 6; ++round) {
    const std::string name = std::to_string(round);
    auto first = one.producer().begin().get();
    must("begin", first);
    auto second = two.producer().begin().get();
    must("begin", second);
    send(*first, "one " + name);
    send(*second, "two " + name);
    const std::string value = "plain " + name;
    ok::Record record{.topic = "zoo-transactions", .value = value};
    record.partition = 0;
    record.timestamp_ms = kTime;
    plain.send(record);
    plain.flush();
    send(*first, "one again " + name);
    must("end", round % 2 == 0 ? first->commit().get() : first->abort().get());
    must("end", round % 3 == 0 ? second->abort().get() : second->commit().get());
  }
}

void produce_large(const ok::Client& client) {
  create(client, "zoo-large", 1, {{"max.message.bytes", "1048588"}});
  Sender sender(client, {});
  for (int64_t i = 0; i < 3; ++i) {
    const std::string value = json_line(i, size_t{900} * 1024);
    ok::Record record{.topic = "zoo-large", .value = value};
    record.partition = 0;
    record.timestamp_ms = kTime + i;
    sender.send(record);
    sender.flush();
  }
}

int64_t count_records(const ok::Client& client, const std::string& topic);

// Few keys, many values, and small segments: the cleaner leaves holes. Waits until it did.
void produce_compacted(const ok::Client& client) {
  constexpr int kKeys = 20;
  constexpr int kRounds = 30;
  create(client, "zoo-compacted", 1,
         {{"cleanup.policy", "compact"},
          {"segment.bytes", "1048576"},
          {"min.cleanable.dirty.ratio", "0.01"},
          {"max.compaction.lag.ms", "1000"},
          {"segment.ms", "1000"}});
  Sender sender(client, {});
  for (int round = 0; round < kRounds; ++round) {
    for (int key = 0; key < kKeys; ++key) {
      if ((key + round) % 3 == 0) continue;
      const std::string name = "key" + std::to_string(key);
      const std::string value = json_line(round, 8000);
      ok::Record record{.topic = "zoo-compacted", .key = name, .value = value};
      record.partition = 0;
      if (round == kRounds - 1 && key % 7 == 0) record.value = std::nullopt;
      sender.send(record);
    }
    sender.flush();
  }
  const auto until = std::chrono::steady_clock::now() + 90s;
  const auto all = int64_t{kRounds} * kKeys * 2 / 3;
  while (count_records(client, "zoo-compacted") >= all - kKeys) {
    if (std::chrono::steady_clock::now() > until) {
      std::fprintf(stderr, "zoo-compacted was not compacted\n");
      std::exit(1);
    }
  }
  // From here on it stays as it is, also where it is restored.
  const std::string never = std::to_string(std::numeric_limits<int64_t>::max());
  must("hold the cleaner",
       ok::Admin(client)
           .alter_configs({.name = "zoo-compacted"}, {{"max.compaction.lag.ms", never},
                                                      {"min.compaction.lag.ms", never},
                                                      {"min.cleanable.dirty.ratio", "1"}})
           .get());
}

int produce(const char* bootstrap, int32_t partitions, int64_t records) {
  const ok::Client client({.bootstrap = bootstrap});
  produce_bulk(client, partitions, records);
  produce_codecs(client);
  produce_times(client);
  produce_append_time(client);
  produce_transactions(client);
  produce_large(client);
  produce_compacted(client);
  return 0;
}

// --- dump

template <class Visit>
void read(const ok::Client& client, const std::string& topic, Visit visit) {
  ok::Admin admin(client);
  const auto topics = admin.describe_topics({topic}).get();
  must("describe " + topic, topics);
  must("describe " + topic, topics->at(0).result);
  const auto partitions = static_cast<int32_t>(topics->at(0).result->partitions.size());
  for (int32_t p = 0; p < partitions; ++p) {
    ok::Consumer consumer(client, {.start = ok::Start::earliest,
                                   .isolation = ok::Isolation::read_committed,
                                   .auto_commit = false});
    const ok::TopicPartition which{topic, p};
    const auto ends = admin.list_offsets({which}, ok::OffsetSpec::latest).get();
    must("list offsets", ends);
    const int64_t end = ends->at(0).result->offset;
    must("assign", consumer.assign({which}));
    while (consumer.position(which).get().value() < end) {
      const auto batch = consumer.next(5s).get();
      must("read", batch);
      for (const ok::RecordView& record : *batch) visit(p, record);
    }
  }
}

int64_t count_records(const ok::Client& client, const std::string& topic) {
  int64_t count = 0;
  read(client, topic, [&count](int32_t, const ok::RecordView&) { ++count; });
  return count;
}

void print(const std::string& topic, int32_t partition, const ok::RecordView& record) {
  std::string line =
      topic + " " + std::to_string(partition) + " " + std::to_string(record.timestamp_ms()) + " ";
  line += record.has_key() ? "k:" + shown(record.key()) : "-";
  line += record.is_tombstone() ? " -" : " v:" + shown(record.value());
  for (const ok::Header& header : record.headers()) {
    line += " " + hex(header.key) + "=" + (header.value ? shown(*header.value) : "-");
  }
  std::puts(line.c_str());
}

int dump(const char* bootstrap, int count, char** topics) {
  const ok::Client client({.bootstrap = bootstrap});
  for (int i = 0; i < count; ++i) {
    const std::string topic = topics[i];
    read(client, topic,
         [&topic](int32_t p, const ok::RecordView& record) { print(topic, p, record); });
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "produce" && argc == 5) {
    return produce(argv[2], static_cast<int32_t>(number(argv[3])), number(argv[4]));
  }
  if (command == "bulk" && argc == 5) {
    produce_bulk(ok::Client({.bootstrap = argv[2]}), static_cast<int32_t>(number(argv[3])),
                 number(argv[4]));
    return 0;
  }
  if (command == "dump" && argc > 3) return dump(argv[2], argc - 3, argv + 3);
  std::fprintf(stderr,
               "usage: zoo produce|bulk BOOTSTRAP PARTITIONS RECORDS\n"
               "       zoo dump BOOTSTRAP TOPIC...\n");
  return 2;
}
