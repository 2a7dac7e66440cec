// What has to hold whatever clients do, in any order and through any instance. Each test says from
// which seed it began; ODRADEK_SEED runs that again.
#include <fmt/format.h>

#include <deque>
#include <random>
#include <set>

#include "proto/error_code.h"
#include "proto/messages/add_partitions_to_txn_request.h"
#include "proto/messages/add_partitions_to_txn_response.h"
#include "proto/messages/end_txn_request.h"
#include "proto/messages/end_txn_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proxy/gather.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

constexpr std::string_view kTopic = "events";
constexpr int32_t kPartitions = 12;
constexpr size_t kKnownAgain = 5;  // batches of a producer a broker recognizes

// Two instances in front of one broker; each request goes through any of them.
class ProxyInvariants : public ProxyTest {
 protected:
  void SetUp() override {
    start();
    ASSERT_EQ(create_topic(kTopic, kPartitions), 0);
    other_ = connect(add_proxy(default_options()));
  }
  void TearDown() override {
    other_.reset();
    ProxyTest::TearDown();
  }

  int32_t below(uint64_t limit) { return static_cast<int32_t>(random_() % limit); }
  rpc::ClientConnection& any_instance() { return below(2) == 0 ? *client_ : *other_; }

  std::mt19937_64 random_{seed_of_test()};
  Connection other_;
};

// Invariants 3, 5 and 6: however often a batch is sent again, alone or with others, it is stored
// once, and acknowledged with the offset it has.
TEST_F(ProxyInvariants, RepeatedIdempotentBatchesAreStoredOnce) {
  struct Sent {
    NewBatch batch;
    Stored stored;
  };
  struct Run {
    int32_t next = 0;
    std::deque<Sent> last;
  };
  std::map<std::pair<int64_t, int32_t>, Run> runs;
  std::map<int32_t, std::vector<SeenRecord>> acked;
  for (int step = 0; step < 250; ++step) {
    std::map<int32_t, NewBatch> request;  // one batch a virtual partition, as clients do
    std::map<int32_t, Stored> known;
    for (int n = 1 + below(6); n > 0; --n) {
      const int32_t v = below(kPartitions);
      const int64_t producer = 5000 + below(3);
      if (request.contains(v)) continue;
      Run& run = runs[{producer, v}];
      if (!run.last.empty() && below(2) == 0) {
        const Sent& again = run.last[random_() % run.last.size()];
        request.emplace(v, again.batch);
        known.emplace(v, again.stored);
        continue;
      }
      NewBatch batch = {.partition = v, .values = {}};
      batch.options = {.producer_id = producer, .producer_epoch = 0, .base_sequence = run.next};
      for (int i = below(3); i >= 0; --i) {
        batch.values.push_back(fmt::format("{}/{}/{}", producer, v, run.next++));
      }
      request.emplace(v, std::move(batch));
    }
    std::vector<NewBatch> batches;
    for (const auto& [v, batch] : request) batches.push_back(batch);
    const std::vector<Stored> stored = produce(any_instance(), kTopic, batches);
    for (size_t i = 0; i < batches.size(); ++i) {
      const NewBatch& batch = batches[i];
      ASSERT_EQ(stored[i].error, 0) << step;
      if (const auto before = known.find(batch.partition); before != known.end()) {
        EXPECT_EQ(stored[i], before->second) << step;
        continue;
      }
      Run& run = runs[{batch.options.producer_id, batch.partition}];
      run.last.push_back({batch, stored[i]});
      if (run.last.size() > kKnownAgain) run.last.pop_front();
      for (size_t n = 0; n < batch.values.size(); ++n) {
        acked[batch.partition].push_back(
            {stored[i].base_offset + static_cast<int64_t>(n), batch.values[n]});
      }
    }
  }
  for (const auto& [v, records] : acked) {
    EXPECT_EQ(read_all(any_instance(), kTopic, v), records) << v;
  }
}

// One transactional producer, with what it wrote in the transaction that is open.
struct Writer {
  std::string id;
  int64_t producer_id = -1;
  int16_t epoch = -1;
  std::map<int32_t, int32_t> next;  // sequence numbers
  std::map<int32_t, std::vector<SeenRecord>> open;
};

class ProxyTransactionInvariants : public ProxyInvariants {
 protected:
  void begin(Writer& writer) {
    proto::InitProducerIdRequest request;
    request.transactional_id = writer.id;
    request.transaction_timeout_ms = 60'000;
    const auto answer = call(request);
    ASSERT_EQ(answer->error_code, 0);
    writer.producer_id = answer->producer_id;
    writer.epoch = answer->producer_epoch;
    add_all(writer);
  }

  void add_all(const Writer& writer) {
    std::vector<int32_t> all;
    for (int32_t v = 0; v < kPartitions; ++v) all.push_back(v);
    proto::AddPartitionsToTxnRequest::AddPartitionsToTxnTopic topic;
    topic.name = kTopic;
    topic.partitions = all;
    proto::AddPartitionsToTxnRequest request;
    request.v3_and_below_transactional_id = writer.id;
    request.v3_and_below_producer_id = writer.producer_id;
    request.v3_and_below_producer_epoch = writer.epoch;
    request.v3_and_below_topics = {&topic, 1};
    const auto answer = call(request, 3);
    for (const auto& one : answer->results_by_topic_v3_and_below[0].results_by_partition) {
      ASSERT_EQ(one.partition_error_code, 0);
    }
  }

  // Some batches, some of them twice.
  void write(Writer& writer, rpc::ClientConnection& connection) {
    constexpr int16_t kLastWithoutImplicitAdd = 11;
    std::vector<NewBatch> batches;
    std::set<int32_t> named;
    for (int n = 1 + below(8); n > 0; --n) {
      const int32_t v = below(kPartitions);
      if (!named.insert(v).second) continue;
      NewBatch& batch = batches.emplace_back();
      batch.partition = v;
      batch.options = {.transactional = true,
                       .producer_id = writer.producer_id,
                       .producer_epoch = writer.epoch,
                       .base_sequence = writer.next[v]};
      for (int i = below(3); i >= 0; --i) {
        batch.values.push_back(fmt::format("{}/{}/{}", writer.id, v, writer.next[v]++));
      }
    }
    const auto stored = produce(connection, kTopic, batches, writer.id, kLastWithoutImplicitAdd);
    if (below(3) == 0) {
      EXPECT_EQ(produce(connection, kTopic, batches, writer.id, kLastWithoutImplicitAdd), stored);
    }
    for (size_t i = 0; i < batches.size(); ++i) {
      ASSERT_EQ(stored[i].error, 0);
      for (size_t n = 0; n < batches[i].values.size(); ++n) {
        writer.open[batches[i].partition].push_back(
            {stored[i].base_offset + static_cast<int64_t>(n), batches[i].values[n]});
      }
    }
  }

  void end(Writer& writer, bool committed) {
    constexpr int16_t kLastSameEpoch = 4;
    proto::EndTxnRequest request;
    request.transactional_id = writer.id;
    request.producer_id = writer.producer_id;
    request.producer_epoch = writer.epoch;
    request.committed = committed;
    ASSERT_EQ(call(request, kLastSameEpoch)->error_code, 0);
    writer.open.clear();
  }
};

// Invariant 7: readers of committed records see all of a transaction or nothing of it, on every
// virtual partition, whoever else writes there meanwhile.
TEST_F(ProxyTransactionInvariants, TransactionsAreSeenWholeOrNotAtAll) {
  std::vector<Writer> writers(3);
  // A transaction is written through one instance, the next one maybe through another.
  std::vector<Connection> connections;
  for (size_t i = 0; i < writers.size(); ++i) connections.push_back(connect(*proxies_[i % 2]));
  for (size_t i = 0; i < writers.size(); ++i) {
    writers[i].id = "writer-" + std::to_string(i);
    ASSERT_NO_FATAL_FAILURE(begin(writers[i]));
  }
  std::map<int32_t, std::vector<SeenRecord>> committed;
  const auto finish = [&](Writer& writer, bool is_committed) {
    for (const auto& [v, records] : writer.open) {
      if (!is_committed) continue;
      committed[v].insert(committed[v].end(), records.begin(), records.end());
    }
    end(writer, is_committed);
  };
  for (int step = 0; step < 120; ++step) {
    const size_t i = random_() % writers.size();
    if (below(4) != 0) {
      ASSERT_NO_FATAL_FAILURE(write(writers[i], *connections[i])) << step;
      continue;
    }
    ASSERT_NO_FATAL_FAILURE(finish(writers[i], below(2) == 0)) << step;
    ASSERT_NO_FATAL_FAILURE(add_all(writers[i])) << step;
    if (below(2) == 0) connections[i] = connect(*proxies_[random_() % 2]);
  }
  for (Writer& writer : writers) finish(writer, below(2) == 0);
  for (int32_t v = 0; v < kPartitions; ++v) {
    std::ranges::sort(committed[v]);
    std::vector<SeenRecord> seen;
    int64_t position = 0;
    // Markers are written after EndTxn was answered: read until all is there, and then to the end.
    const MonotonicTime give_up = deadline();
    while (loop_.now() < give_up) {
      const int64_t before = position;
      const FetchAsk ask = {.partition = v, .offset = position, .bytes_max = 1 + below(4000)};
      position = read_committed(any_instance(), kTopic, ask, seen);
      if (position == before && seen.size() >= committed[v].size()) break;
    }
    EXPECT_EQ(seen, committed[v]) << v;
  }
}

// Invariant 11: a consumer of a virtual partition where nothing happens, beside busy ones: it is
// answered when its time is over and not before, and always stands at the end.
TEST_F(ProxyInvariants, AnIdleConsumerBesideBusyOnesIsAnsweredRarelyAndHasNoLag) {
  constexpr int32_t kQuiet = 4;
  constexpr auto kMaxWait = std::chrono::milliseconds(100);
  const Connection producer = connect(*proxies_[0]);
  std::function<void()> produce_on;
  io::TimerId next_time = 0;
  int64_t produced = 0;
  produce_on = [&] {
    const int32_t busy = std::vector<int32_t>{1, 7, 10}[random_() % 3];
    const NewBatch batch = {.partition = busy, .values = {"busy"}};
    producer->send(proto::ApiKey::kProduce, kLastVersionByName, produce_body(kTopic, batch, 1),
                   deadline(), [](auto) {});
    ++produced;
    next_time = loop_.call_after(std::chrono::milliseconds(1 + below(5)), produce_on);
  };
  produce_on();
  const MonotonicTime begin = loop_.now();
  int64_t position = 0;
  int answers = 0;
  int at_end = 0;
  while (answers < 12) {
    const FetchLimits wait = {.max_wait_ms = static_cast<int32_t>(kMaxWait.count())};
    auto found = fetch(*client_, kTopic, {{.partition = kQuiet, .offset = position}}, wait);
    ++answers;
    EXPECT_TRUE(found[kQuiet].records.empty());
    EXPECT_GE(found[kQuiet].position, position);
    position = found[kQuiet].position;
    if (position == found[kQuiet].high_watermark) ++at_end;
  }
  EXPECT_LE(answers, (loop_.now() - begin) / kMaxWait + 1);
  EXPECT_GT(produced, answers);
  EXPECT_EQ(at_end, answers);
  loop_.cancel(next_time);
  // With the others silent it stands at their end.
  const Stored last = produce(kTopic, {.partition = 1, .values = {"last"}});
  auto found = fetch(*client_, kTopic, {{.partition = kQuiet, .offset = position}});
  EXPECT_GT(found[kQuiet].position, last.base_offset);
  EXPECT_EQ(found[kQuiet].position, found[kQuiet].high_watermark);
}

}  // namespace
}  // namespace odradek::proxy::testing
