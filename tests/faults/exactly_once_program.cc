// What the fault harness drives; see README.md. Records hold their number within their partition,
// from 0 on, so that loss, repetition and disorder can be seen.
//   exactly_once produce BOOTSTRAP TOPIC PARTITIONS COUNT PER_SECOND
//   exactly_once transform BOOTSTRAP IN OUT GROUP TRANSACTIONAL_ID
//   exactly_once verify BOOTSTRAP TOPIC PARTITIONS COUNT
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "odradek/kafka.h"

namespace {

namespace ok = odradek::kafka;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::atomic<bool> ended = false;

int64_t number(std::string_view text) {
  int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

ok::ClientOptions client_options(const char* bootstrap) {
  ok::ClientOptions options{.bootstrap = bootstrap, .client_id = "exactly-once"};
  options.connection_timeout = 3s;
  options.request_timeout = 5s;
  options.metadata_max_age = 10s;
  return options;
}

int fail(std::string_view what, const ok::KafkaError& error) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(),
               error.to_string().c_str());
  return 1;
}

// --- an idempotent producer

int produce(const char* bootstrap, const std::string& topic, int64_t partitions, int64_t count,
            int64_t per_second) {
  const ok::Client client(client_options(bootstrap));
  ok::ProducerOptions options;
  options.request_timeout = 5s;
  options.delivery_timeout = 600s;
  ok::Producer producer(client, options);
  std::atomic<int64_t> failed = 0;
  const Clock::time_point begin = Clock::now();
  for (int64_t i = 0; i < count; ++i) {
    const std::string value = std::to_string(i / partitions);
    ok::Record record{.topic = topic, .value = value};
    record.partition = static_cast<int32_t>(i % partitions);
    const auto sent = producer.send(record, [&failed](const auto& result) {
      if (result) return;
      if (failed.fetch_add(1) == 0) fail("a record", result.error());
    });
    if (!sent) return fail("send", sent.error());
    const auto due = begin + std::chrono::microseconds(1'000'000 * i / per_second);
    constexpr int64_t kPace = 100;
    if (i % kPace == 0 && due > Clock::now()) {
      (void)producer.flush(0ms);
      std::this_thread::sleep_until(due);  // tidy: allow sleep_for, the load has a rate
    }
  }
  const auto closed = producer.close(600s).get();
  if (!closed) return fail("close", closed.error());
  const auto metrics = client.metrics().get();
  std::printf("sent %lld records, %lld failed\n", static_cast<long long>(count),
              static_cast<long long>(failed.load()));
  if (metrics) {
    uint64_t failures = 0;
    for (const ok::BrokerMetrics& broker : metrics->brokers) failures += broker.failures;
    std::printf("requests without an answer: %llu\n", static_cast<unsigned long long>(failures));
  }
  return failed == 0 ? 0 : 1;
}

// --- consume, transform, produce

enum class Outcome { kDone, kAgain, kOver };

// Copies of the records, and the offsets behind them.
ok::Result<void> fill(ok::Transaction& transaction, const std::vector<ok::RecordBatch>& batches,
                      const ok::Consumer& consumer, const std::string& out) {
  std::map<ok::TopicPartition, int64_t> next;
  for (const ok::RecordBatch& batch : batches) {
    for (const ok::RecordView& record : batch) {
      ok::Record copy{.topic = out, .value = record.value()};
      copy.partition = batch.partition();
      auto sent = transaction.send(copy, ok::DeliveryCallback());
      if (!sent) return sent;
    }
    next[{std::string(batch.topic()), batch.partition()}] = batch.next_offset();
  }
  std::vector<ok::CommittedOffset> offsets;
  for (const auto& [partition, offset] : next) {
    offsets.push_back(
        {.partition = partition, .committed = ok::OffsetAndMetadata{.offset = offset}});
  }
  return transaction.send_offsets(std::move(offsets), consumer.group_metadata()).get();
}

// Some batches as one transaction.
Outcome pass_on(ok::Producer& producer, ok::Consumer& consumer,
                const std::vector<ok::RecordBatch>& batches, const std::string& out) {
  auto begun = producer.begin().get();
  if (!begun) {
    fail("begin", begun.error());
    return begun.error().is_fatal() ? Outcome::kOver : Outcome::kAgain;
  }
  ok::Transaction transaction = *std::move(begun);
  ok::Result<void> outcome = fill(transaction, batches, consumer, out);
  if (outcome) outcome = transaction.commit().get();
  // Whether a commit that ran out of time was done is not known: it is asked for again.
  while (!outcome && !outcome.error().is_fatal() && !outcome.error().is_abortable() &&
         outcome.error().is_retriable() && !ended) {
    fail("tried again", outcome.error());
    outcome = transaction.commit().get();
  }
  if (outcome) return Outcome::kDone;
  fail("transaction", outcome.error());
  if (outcome.error().is_fatal()) return Outcome::kOver;
  const auto aborted = transaction.abort().get();
  if (!aborted && aborted.error().is_fatal()) return Outcome::kOver;
  return Outcome::kAgain;
}

// To the records that were not passed on, in the partitions that are still ours.
void go_back(ok::Consumer& consumer, const std::vector<ok::RecordBatch>& batches) {
  std::map<ok::TopicPartition, int64_t> first;
  for (const ok::RecordBatch& batch : batches) {
    first.emplace(ok::TopicPartition{std::string(batch.topic()), batch.partition()},
                  batch[0].offset());
  }
  for (const auto& [partition, offset] : first) (void)consumer.seek(partition, offset);
}

int transform(const char* bootstrap, const std::string& in, const std::string& out,
              const std::string& group, const std::string& id) {
  const ok::Client client(client_options(bootstrap));
  ok::ProducerOptions producing;
  producing.transactional_id = id;
  producing.request_timeout = 5s;
  ok::ConsumerOptions consuming;
  consuming.group = group;
  consuming.start = ok::Start::earliest;
  consuming.isolation = ok::Isolation::read_committed;
  consuming.auto_commit = false;
  consuming.session_timeout = 10s;
  consuming.partition_bytes_max = 64 << 10;
  while (!ended) {
    ok::Producer producer(client, producing);
    std::vector<ok::RecordBatch> batches;
    ok::Consumer consumer(client, consuming);
    // What was collected is read again, by whoever has its partition then.
    const auto forget = [&batches, &consumer](const std::vector<ok::TopicPartition>&) {
      go_back(consumer, batches);
      batches.clear();
    };
    const auto subscribed = consumer.subscribe({in}, {.on_revoked = forget, .on_lost = forget});
    if (!subscribed) {
      return fail("subscribe", subscribed.error());
    }
    bool is_over = false;
    while (!ended && !is_over) {
      batches.clear();
      constexpr size_t kBatchesMax = 50;
      while (batches.size() < kBatchesMax) {
        auto batch = consumer.poll(batches.empty() ? 200ms : 0ms);
        if (!batch) {
          fail("poll", batch.error());
          is_over = batch.error().is_fatal();
        }
        if (!batch || batch->empty()) break;
        batches.push_back(*std::move(batch));
      }
      if (batches.empty() || is_over) continue;
      const Outcome outcome = pass_on(producer, consumer, batches, out);
      if (outcome == Outcome::kAgain) go_back(consumer, batches);
      is_over = outcome == Outcome::kOver;
    }
    (void)consumer.close(10s).get();
    (void)producer.close(10s).get();
  }
  return 0;
}

// --- what is there in the end

int verify(const char* bootstrap, const std::string& topic, int64_t partitions, int64_t count) {
  const ok::Client client(client_options(bootstrap));
  ok::ConsumerOptions options;
  options.start = ok::Start::earliest;
  options.isolation = ok::Isolation::read_committed;
  ok::Consumer consumer(client, options);
  std::vector<ok::TopicPartition> all;
  for (int32_t i = 0; i < partitions; ++i) all.push_back({topic, i});
  if (const auto assigned = consumer.assign(all); !assigned) return 1;
  std::map<int32_t, int64_t> next;
  int64_t seen = 0;
  int64_t wrong = 0;
  ok::BatchRange batches = consumer.batches(10s);
  for (const ok::RecordBatch& batch : batches) {
    int64_t& expected = next[batch.partition()];
    for (const ok::RecordView& record : batch) {
      const int64_t found = number(record.value());
      if (found != expected && wrong++ < 10) {
        std::printf("partition %d offset %lld: record %lld in place of %lld\n", batch.partition(),
                    static_cast<long long>(record.offset()), static_cast<long long>(found),
                    static_cast<long long>(expected));
      }
      expected = found + 1;
      ++seen;
    }
  }
  if (!batches.status()) return fail("read", batches.status().error());
  std::printf("%s: %lld records of %lld, %lld out of place\n",
              seen == count && wrong == 0 ? "PASS" : "FAIL", static_cast<long long>(seen),
              static_cast<long long>(count), static_cast<long long>(wrong));
  return seen == count && wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGTERM, [](int) { ended = true; });
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "produce" && argc == 7) {
    return produce(argv[2], argv[3], number(argv[4]), number(argv[5]), number(argv[6]));
  }
  if (mode == "transform" && argc == 7) {
    return transform(argv[2], argv[3], argv[4], argv[5], argv[6]);
  }
  if (mode == "verify" && argc == 6) {
    return verify(argv[2], argv[3], number(argv[4]), number(argv[5]));
  }
  std::fprintf(stderr, "usage: exactly_once produce | transform | verify ...\n");
  return 2;
}
