// The three ways to send, records with everything a record may have, and what failures mean.
// usage: example_produce HOST:PORT TOPIC
#include <odradek/kafka.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <vector>

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

namespace {

// [wait]
bool send_and_wait(ok::Producer& producer, std::string_view topic) {
  const auto sent = producer.send({.topic = topic, .key = "42", .value = "hello"}).get();
  if (!sent) {
    std::fprintf(stderr, "not stored: %s\n", sent.error().to_string().c_str());
    return false;
  }
  std::printf("partition %d, offset %lld\n", sent->partition, static_cast<long long>(sent->offset));
  return true;
}
// [end]

// [everything]
bool send_everything(ok::Producer& producer, std::string_view topic) {
  const std::vector<ok::Header> headers = {{"trace-id", "4bf92f35"}, {"flag", std::nullopt}};
  ok::Record record;
  record.topic = topic;
  record.key = "customer-7";  // records of one key are in one partition, in order
  record.value = R"({"total": 12})";
  record.headers = headers;
  record.timestamp_ms = 1'700'000'000'000;
  record.partition = 0;  // instead of the one of the key
  if (!producer.send(record).get()) return false;
  record.value.reset();  // a tombstone: compaction forgets the key
  return producer.send(record).get().has_value();
}
// [end]

// [many]
// The callback form allocates nothing per record. Every record that was taken is reported on once.
bool send_many(ok::Producer& producer, std::string_view topic, int count) {
  std::atomic<int> failed = 0;
  for (int i = 0; i < count; ++i) {
    const std::string value = "number " + std::to_string(i);  // copied by send()
    const auto taken = producer.send(
        {.topic = topic, .value = value},
        [&failed](const ok::Result<ok::RecordMetadata>& report) { failed += report ? 0 : 1; });
    if (!taken) return false;  // buffer_full after block_max, record_too_large, closed
  }
  const auto flushed = producer.flush(30s).get();
  return flushed && failed == 0;
}
// [end]

// [errors]
// What to do about an error that came up: everything retriable was tried again already, for
// ProducerOptions::delivery_timeout.
const char* advice(const ok::KafkaError& error) {
  if (error.is_fatal()) return "give up this producer: wrong credentials, fenced, or closed";
  if (error.is_abortable()) return "abort the transaction and begin it again";
  if (error.code() == ok::ServerCode::topic_authorization_failed) return "ask for access";
  if (error.kind() == ok::ErrorKind::record_too_large) return "send less, or raise the limits";
  if (error.kind() == ok::ErrorKind::timeout) return "it may be stored or not; send it again";
  return error.is_retriable() ? "send it again later" : "it will not work like this";
}
// [end]

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s HOST:PORT TOPIC\n", argv[0]);
    return 2;
  }
  ok::Client client({.bootstrap = argv[1]});
  ok::Producer producer(client, {.linger = 5ms, .compression = ok::Zstd()});
  if (!send_and_wait(producer, argv[2])) return 1;
  if (!send_everything(producer, argv[2])) return 1;
  if (!send_many(producer, argv[2], 1000)) return 1;
  const std::string name = "no such topic";
  const auto refused = producer.send({.topic = name, .value = "x"}).get(5s);
  if (refused) return 1;
  std::printf("%s: %s\n", refused.error().to_string().c_str(), advice(refused.error()));
  return producer.close(10s).get() ? 0 : 1;
}
