// A member of a group that commits what it has done, and gives its partitions back in order.
// usage: example_consume HOST:PORT TOPIC GROUP COUNT
// Stops after COUNT records of its own.
#include <odradek/kafka.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

namespace {

std::atomic<bool> is_stopped = false;

// [headers]
std::string trace_id(const ok::RecordView& record) {
  const auto header = record.headers().last("trace-id");
  return header && header->value ? std::string(*header->value) : std::string();
}
// [end]

void work_on(const ok::RecordView& record) {
  std::printf("%lld %.*s %s\n", static_cast<long long>(record.offset()),
              static_cast<int>(record.value().size()), record.value().data(),
              trace_id(record).c_str());
}

// [rebalance]
ok::RebalanceHandler handler(ok::Consumer& consumer) {
  ok::RebalanceHandler handler;
  handler.on_assigned = [](const std::vector<ok::TopicPartition>& partitions) {
    std::fprintf(stderr, "%zu partitions are ours\n", partitions.size());
  };
  // Called by next() and close(), on this thread: nothing is half done. The commit is waited for
  // before somebody else gets the partitions.
  handler.on_revoked = [&consumer](const std::vector<ok::TopicPartition>&) {
    return consumer.commit();
  };
  // Somebody else may have them already: a commit would fail, so just drop what belongs to them.
  handler.on_lost = [](const std::vector<ok::TopicPartition>&) {};
  return handler;
}
// [end]

// [loop]
ok::Result<void> read_until_stopped(ok::Consumer& consumer, long count) {
  while (!is_stopped && count > 0) {
    auto batch = consumer.next(500ms).get();  // records of one partition, or none in that time
    if (!batch) return batch.error();         // what could be tried again was
    for (const ok::RecordView& record : *batch) {
      work_on(record);
      --count;
    }
    if (batch->empty() || consumer.group_metadata().group.empty()) continue;
    if (const auto committed = consumer.commit(*batch).get(); !committed) {
      if (!committed.error().is_retriable()) return committed;  // else the next one does it
    }
  }
  return consumer.close(10s).get();
}
// [end]

// [since]
// Reads without a group, from the first record of the last hour on.
ok::Result<void> begin_an_hour_ago(ok::Consumer& consumer, std::vector<ok::TopicPartition> all) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - 1h);
  if (auto assigned = consumer.assign(all); !assigned) return assigned;
  const auto offsets = consumer.offsets_for_times(all, since.count()).get();
  if (!offsets) return offsets.error();
  for (const ok::PartitionOffset& at : *offsets) {
    const auto sought = at.offset >= 0 ? consumer.seek(at.partition, at.offset)
                                       : consumer.seek_to_end({at.partition});
    if (!sought) return sought;
  }
  return {};
}
// [end]

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s HOST:PORT TOPIC GROUP COUNT\n", argv[0]);
    return 2;
  }
  std::signal(SIGTERM, [](int) { is_stopped = true; });
  ok::Client client({.bootstrap = argv[1]});
  const std::string group = argv[3];
  ok::Result<void> done;
  if (group.empty()) {
    ok::Consumer consumer(client, {});
    const auto topics = ok::all(ok::Admin(client).describe_topics({argv[2]}).get());
    if (!topics) return 1;
    std::vector<ok::TopicPartition> all;
    for (const ok::PartitionInfo& partition : topics->front().partitions) {
      all.push_back({argv[2], partition.id});
    }
    done = begin_an_hour_ago(consumer, std::move(all));
    if (done) done = read_until_stopped(consumer, std::strtol(argv[4], nullptr, 10));
  } else {
    // [group]
    ok::Consumer consumer(client, {.group = group,
                                   .protocol = ok::GroupProtocol::consumer,  // KIP-848
                                   .start = ok::Start::earliest,
                                   .auto_commit = false});
    done = consumer.subscribe({argv[2]}, handler(consumer));
    // [end]
    if (done) done = read_until_stopped(consumer, std::strtol(argv[4], nullptr, 10));
  }
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().to_string().c_str());
  return 1;
}
