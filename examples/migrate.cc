// A program as it was written for librdkafka, after its move: the same configuration names, the
// same loop, reports and rebalances in their new places. Compare docs/client/migration.md.
// usage: example_migrate HOST:PORT TOPIC
#include <odradek/kafka.h>

#include <cstdio>
#include <string>

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

namespace {

// [configuration]
ok::Result<ok::PropertyOptions> configuration(const std::string& brokers) {
  return ok::from_properties({{"bootstrap.servers", brokers},
                              {"compression.codec", "lz4"},
                              {"queue.buffering.max.ms", "5"},
                              {"group.id", "billing"},
                              {"auto.offset.reset", "earliest"},
                              {"enable.auto.commit", "false"}});
}
// [end]

// [produce]
bool produce(const ok::Client& client, const ok::ProducerOptions& options, std::string topic) {
  ok::Producer producer(client, options);
  const auto taken = producer.send({.topic = topic, .key = "k", .value = "payload"},
                                   [](const ok::Result<ok::RecordMetadata>& report) {
                                     if (!report) std::puts(report.error().to_string().c_str());
                                   });
  if (!taken) return false;
  return producer.flush(10s).get().has_value();
}
// [end]

// [consume]
bool consume(const ok::Client& client, const ok::ConsumerOptions& options, std::string topic) {
  ok::Consumer consumer(client, options);
  if (!consumer.subscribe({topic})) return false;
  int seen = 0;
  while (seen == 0) {
    const auto batch = consumer.next(1s).get();
    if (!batch) return false;
    for (const ok::RecordView& record : *batch) {
      std::printf("%.*s\n", static_cast<int>(record.value().size()), record.value().data());
      ++seen;
    }
    if (!batch->empty() && !consumer.commit(*batch).get()) return false;
  }
  return consumer.close(10s).get().has_value();
}
// [end]

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s HOST:PORT TOPIC\n", argv[0]);
    return 2;
  }
  const auto options = configuration(argv[1]);
  if (!options) {
    std::fprintf(stderr, "%s\n", options.error().to_string().c_str());
    return 2;
  }
  const ok::Client client(options->client);
  if (!produce(client, options->producer, argv[2])) return 1;
  return consume(client, options->consumer, argv[2]) ? 0 : 1;
}
