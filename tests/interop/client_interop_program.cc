// This library's side of the comparison with Java's client; see README.md.
//   client_interop keys BOOTSTRAP TOPIC COUNT      writes records with keys of all lengths
//   client_interop transactions BOOTSTRAP TOPIC COUNT   every third is aborted
//   client_interop read BOOTSTRAP TOPIC            committed records: partition, key, value
#include <chrono>
#include <cstdio>
#include <string>

#include "odradek/kafka.h"

namespace {

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

int fail(const ok::KafkaError& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return 1;
}

// The same keys as Interop.java: of every length from 0 to 63.
std::string key_of(int i) {
  std::string key = std::to_string(i * 7919LL);
  while (key.size() < static_cast<size_t>(i % 64)) key += static_cast<char>('a' + i % 26);
  key.resize(static_cast<size_t>(i % 64));
  return key;
}

int keys(const ok::Client& client, const std::string& topic, int count) {
  ok::Producer producer(client, {});
  std::optional<ok::KafkaError> failure;
  for (int i = 0; i < count; ++i) {
    const std::string key = key_of(i);
    const std::string value = std::to_string(i);
    const auto sent =
        producer.send({.topic = topic, .key = key, .value = value}, [&failure](const auto& result) {
          if (!result) failure = result.error();
        });
    if (!sent) return fail(sent.error());
  }
  const auto closed = producer.close(60s).get();
  if (!closed) return fail(closed.error());
  return failure ? fail(*failure) : 0;
}

int transactions(const ok::Client& client, const std::string& topic, int count) {
  ok::Producer producer(client, {.transactional_id = topic + "-ours"});
  for (int i = 0; i < count; ++i) {
    auto transaction = producer.begin().get();
    if (!transaction) return fail(transaction.error());
    const bool is_aborted = i % 3 == 2;
    for (int k = 0; k < 5; ++k) {
      const std::string value = std::string(is_aborted ? "aborted" : "ours") + "-" +
                                std::to_string(i) + "-" + std::to_string(k);
      auto sent = transaction->send({.topic = topic, .key = "k", .value = value});
      if (is_aborted && !sent.get()) return 1;
    }
    const auto end = is_aborted ? transaction->abort().get() : transaction->commit().get();
    if (!end) return fail(end.error());
  }
  return 0;
}

int read(const ok::Client& client, const std::string& topic) {
  ok::Consumer consumer(client,
                        {.start = ok::Start::earliest, .isolation = ok::Isolation::read_committed});
  const auto described = ok::all(ok::Admin(client).describe_topics({topic}).get());
  if (!described) return fail(described.error());
  std::vector<ok::TopicPartition> partitions;
  for (size_t i = 0; i < described->front().partitions.size(); ++i) {
    partitions.push_back({topic, static_cast<int32_t>(i)});
  }
  if (const auto assigned = consumer.assign(partitions); !assigned) return fail(assigned.error());
  ok::BatchRange batches = consumer.batches(3s);
  for (const ok::RecordBatch& batch : batches) {
    for (const ok::RecordView& record : batch) {
      std::printf("%d %.*s %.*s\n", batch.partition(), static_cast<int>(record.key().size()),
                  record.key().data(), static_cast<int>(record.value().size()),
                  record.value().data());
    }
  }
  return batches.status() ? 0 : fail(batches.status().error());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 3 ? argv[1] : "";
  if (mode.empty()) {
    std::fprintf(stderr, "usage: client_interop keys | transactions | read BOOTSTRAP TOPIC ...\n");
    return 2;
  }
  const ok::Client client({.bootstrap = argv[2]});
  const int count = argc > 4 ? std::atoi(argv[4]) : 0;
  if (mode == "keys") return keys(client, argv[3], count);
  if (mode == "transactions") return transactions(client, argv[3], count);
  return read(client, argv[3]);
}
