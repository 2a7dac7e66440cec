// Sends many records as fast as it goes, with a callback for each and back-pressure.
// usage: example_produce_fast HOST:PORT TOPIC COUNT
#include <odradek/kafka.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s HOST:PORT TOPIC COUNT\n", argv[0]);
    return 2;
  }
  ok::Client client({.bootstrap = argv[1]});
  ok::Producer producer(client, {.linger = 10ms, .compression = ok::Lz4()});

  std::atomic<long> delivered = 0;
  std::atomic<long> failed = 0;
  const long count = std::strtol(argv[3], nullptr, 10);
  for (long i = 0; i < count; ++i) {
    const std::string value = "record number " + std::to_string(i);
    // Blocks while the buffer is full, at most ProducerOptions::block_max. The callback runs on
    // the client's thread, once for each record that was taken.
    const auto taken = producer.send(
        {.topic = argv[2], .value = value},
        [&](const ok::Result<ok::RecordMetadata>& report) { ++(report ? delivered : failed); });
    if (!taken) {
      std::fprintf(stderr, "%s\n", taken.error().to_string().c_str());
      return 1;
    }
  }
  const auto flushed = producer.flush(60s).get();
  std::printf("%ld delivered, %ld failed\n", delivered.load(), failed.load());
  return flushed && failed == 0 ? 0 : 1;
}
