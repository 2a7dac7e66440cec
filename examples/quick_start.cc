// Creates a topic, sends a few records, reads them back as a group, commits. The quick start of
// docs/client/quick-start.md.   usage: example_quick_start [host:port]
#include <odradek/kafka.h>

#include <cstdio>
#include <string>

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  ok::Client client({.bootstrap = argc > 1 ? argv[1] : "localhost:9092"});

  ok::Admin admin(client);
  const auto created = admin.create_topics({{.name = "orders", .partitions = 3}}).get();
  if (!created) {  // one that exists already is an outcome, not an error
    std::fprintf(stderr, "%s\n", created.error().to_string().c_str());
    return 1;
  }

  ok::Producer producer(client, {.linger = 5ms, .compression = ok::Zstd()});
  for (int i = 0; i < 10; ++i) {
    const std::string key = "customer-" + std::to_string(i % 3);
    const std::string value = "order " + std::to_string(i);
    const auto sent = producer.send({.topic = "orders", .key = key, .value = value}).get();
    if (!sent) {
      std::fprintf(stderr, "not delivered: %s\n", sent.error().to_string().c_str());
      return 1;
    }
    std::printf("stored in partition %d at offset %lld\n", sent->partition,
                static_cast<long long>(sent->offset));
  }

  ok::Consumer consumer(client, {.group = "billing", .start = ok::Start::earliest});
  if (const auto subscribed = consumer.subscribe({"orders"}); !subscribed) return 1;
  int seen = 0;
  while (seen < 10) {
    auto batch = consumer.next(1s).get();
    if (!batch) {
      std::fprintf(stderr, "%s\n", batch.error().to_string().c_str());
      return 1;
    }
    for (const ok::RecordView& record : *batch) {
      std::printf("%.*s: %.*s\n", static_cast<int>(record.key().size()), record.key().data(),
                  static_cast<int>(record.value().size()), record.value().data());
      ++seen;
    }
    if (const auto committed = consumer.commit(*batch).get(); !committed) return 1;
  }
  return consumer.close(10s).get() ? 0 : 1;
}
