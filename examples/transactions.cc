// Reads a topic, writes what it makes of it to another, and commits both together: each record is
// worked on exactly once, whatever is repeated or crashes. Ends when nothing came for five seconds.
//   usage: example_transactions [host:port] [transactional id]
#include <odradek/kafka.h>

#include <cstdio>
#include <string>

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

namespace {

int fail(const ok::KafkaError& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return 1;
}

// [one]
// One batch in one transaction. The error of what went wrong, after which it has to be aborted.
ok::Result<void> pass_on(ok::Transaction& transaction, ok::Consumer& consumer,
                         const ok::RecordBatch& batch) {
  for (const ok::RecordView& record : batch) {
    const std::string line = "seen " + std::string(record.value());
    const auto sent = transaction.send({.topic = "seen", .key = record.key(), .value = line}, {});
    if (!sent) return sent;
  }
  auto offsets = transaction.send_offsets(consumer.positions(), consumer.group_metadata()).get();
  if (!offsets) return offsets;
  return transaction.commit().get();
}
// [end]

}  // namespace

int main(int argc, char** argv) {
  ok::Client client(
      {.bootstrap = argc > 1 ? argv[1] : "localhost:9092", .allow_auto_topic_creation = true});
  ok::Producer producer(client, {.transactional_id = argc > 2 ? argv[2] : "example"});
  ok::Consumer consumer(client, {.group = "passing-on",
                                 .start = ok::Start::earliest,
                                 .isolation = ok::Isolation::read_committed,
                                 .auto_commit = false});
  if (const auto subscribed = consumer.subscribe({"orders"}); !subscribed) {
    return fail(subscribed.error());
  }
  if (const auto fenced = producer.init_transactions().get(); !fenced) return fail(fenced.error());
  // [all]
  for (int idle = 0; idle < 5;) {
    const auto batch = consumer.next(1s).get();
    if (!batch) return fail(batch.error());
    idle = batch->empty() ? idle + 1 : 0;
    if (batch->empty()) continue;
    auto transaction = producer.begin().get();
    if (!transaction) return fail(transaction.error());
    const auto done = pass_on(*transaction, consumer, *batch);
    if (done) continue;
    if (!done.error().is_abortable()) return fail(done.error());
    // The next run, or another member, begins again at the committed position.
    if (const auto aborted = transaction->abort().get(); !aborted) return fail(aborted.error());
    return fail(done.error());
  }
  // [end]
  return 0;
}
