#include <random>
#include <set>

#include "proto/error_code.h"
#include "proxy/gather.h"
#include "proxy/remap/batch_mark.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

using proto::ErrorCode;

constexpr std::string_view kTopic = "events";
constexpr int32_t kPartitions = 12;

class ProxyData : public ProxyTest {
 protected:
  void SetUp() override {
    start();
    ASSERT_EQ(create_topic(kTopic, kPartitions), 0);
  }
};

TEST_F(ProxyData, KeepsEachVirtualPartitionsRecordsApart) {
  for (int32_t v = 0; v < kPartitions; ++v) {
    const NewBatch batch = {.partition = v, .values = {"a" + std::to_string(v), "b"}};
    EXPECT_EQ(produce(kTopic, batch).error, 0);
  }
  for (int32_t v = 0; v < kPartitions; ++v) {
    const auto records = read_all(*client_, kTopic, v);
    ASSERT_EQ(records.size(), 2U) << v;
    EXPECT_EQ(records[0].value, "a" + std::to_string(v));
    EXPECT_EQ(records[1].value, "b");
  }
}

// Silent loss 1: a broker keeps only the last of two batches of one partition in a request.
TEST_F(ProxyData, StoresAllBatchesOfOnePhysicalPartitionInOneRequest) {
  std::vector<NewBatch> batches;
  for (int32_t v = 0; v < kPartitions; ++v) {
    batches.push_back({.partition = v, .values = {"value " + std::to_string(v)}});
  }
  batches.push_back({.partition = 5, .values = {"again"}});
  const std::vector<Stored> stored = produce(*client_, kTopic, batches);
  ASSERT_EQ(stored.size(), 13U);
  for (const Stored& one : stored) EXPECT_EQ(one.error, 0);
  for (int32_t v = 0; v < kPartitions; ++v) {
    const auto records = read_all(*client_, kTopic, v);
    ASSERT_EQ(records.size(), v == 5 ? 2U : 1U) << v;
    EXPECT_EQ(records[0].value, "value " + std::to_string(v));
    EXPECT_EQ(records[0].offset, stored[static_cast<size_t>(v)].base_offset);
  }
  EXPECT_EQ(read_all(*client_, kTopic, 5)[1].value, "again");
}

// The broker refuses numbers of an idempotent producer that come out of order.
TEST_F(ProxyData, KeepsTheOrderOfRequestsThatAreUnderWayTogether) {
  constexpr int kRequests = 60;
  const int16_t version = kLastVersionByName;
  Gather gather(loop_);
  for (int i = 0; i < kRequests; ++i) {
    const NewBatch batch = {
        .partition = i % 4,
        .values = {std::to_string(i)},
        .options = {.producer_id = 900, .producer_epoch = 0, .base_sequence = i / 4}};
    client_->send(proto::ApiKey::kProduce, version, produce_body(kTopic, batch), deadline(),
                  gather.slot());
  }
  ASSERT_TRUE(loop_.block_on(gather.wait()));
  for (Result<rpc::RawResponse>& raw : gather.answers()) {
    ASSERT_TRUE(raw);
    const auto answer =
        rpc::decode_body<proto::ProduceResponse>(std::move(raw->frame), raw->body, version);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->message.responses[0].partition_responses[0].error_code, 0);
  }
  for (int32_t v = 0; v < 4; ++v) {
    const auto records = read_all(*client_, kTopic, v);
    ASSERT_EQ(records.size(), kRequests / 4U);
    for (size_t n = 0; n < records.size(); ++n) {
      EXPECT_EQ(records[n].value, std::to_string(4 * n + static_cast<size_t>(v)));
    }
  }
}

// Silent loss 2: one producer's equal sequence numbers on two virtual partitions.
TEST_F(ProxyData, KeepsIdempotentSequencesOfEachVirtualPartition) {
  const auto batch = [](int32_t v, int32_t sequence) {
    return NewBatch{
        .partition = v,
        .values = {std::to_string(v) + "/" + std::to_string(sequence)},
        .options = {.producer_id = 4711, .producer_epoch = 0, .base_sequence = sequence}};
  };
  for (int32_t sequence = 0; sequence < 3; ++sequence) {
    for (int32_t v = 0; v < kPartitions; ++v) {
      const Stored first = produce(kTopic, batch(v, sequence));
      const Stored again = produce(kTopic, batch(v, sequence));
      EXPECT_EQ(first.error, 0);
      EXPECT_EQ(first, again);  // stored once, acknowledged with the same offset
    }
  }
  const Stored gap = produce(kTopic, batch(7, 9));
  EXPECT_EQ(gap.error, proto::to_number(ErrorCode::kOutOfOrderSequenceNumber));
  for (int32_t v = 0; v < kPartitions; ++v) {
    EXPECT_EQ(read_all(*client_, kTopic, v).size(), 3U) << v;
  }
}

// Silent loss 3: a filtered answer must carry the reader over foreign records.
TEST_F(ProxyData, CarriesTheReaderOfAQuietPartitionToTheEnd) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(produce(kTopic, {.partition = 1, .values = {"x", "y"}}).error, 0);
  }
  const FetchLimits wait = {.max_wait_ms = 100};
  const auto found = fetch(*client_, kTopic, {{.partition = 4}}, wait);
  EXPECT_TRUE(found.at(4).records.empty());
  EXPECT_EQ(found.at(4).position, 100);
  EXPECT_EQ(found.at(4).high_watermark, 100);
}

TEST_F(ProxyData, GivesBackTheBytesThatWereProduced) {
  const wire::BatchOptions options = {.codec = wire::Codec::kZstd,
                                      .compress_only_if_smaller = false,
                                      .producer_id = 99,
                                      .producer_epoch = 3,
                                      .base_sequence = 0};
  const NewBatch batch = {.partition = 11, .values = {"zip", "zap"}, .options = options};
  ASSERT_EQ(produce(kTopic, batch).error, 0);

  proto::FetchRequest::FetchPartition partition;
  partition.partition = 11;
  partition.partition_max_bytes = 1 << 20;
  proto::FetchRequest::FetchTopic topic;
  topic.topic = kTopic;
  topic.partitions = {&partition, 1};
  proto::FetchRequest request;
  request.topics = {&topic, 1};
  const auto answer = call(request, kLastVersionByName);
  const Bytes bytes = answer->responses[0].partitions[0].records.bytes;
  const wire::BatchView read = *wire::BatchView::parse(bytes);
  const Slice produced = make_batch(batch);
  const wire::BatchView sent = *wire::BatchView::parse(produced.bytes());
  // Base offset and leader epoch are the broker's.
  EXPECT_EQ(as_text(read.bytes().subspan(wire::batch_layout::kMagic)),
            as_text(sent.bytes().subspan(wire::batch_layout::kMagic)));
}

// Invariants 2 to 5: whatever is asked in whatever slices, of one proxy or of another, each
// partition gives its acknowledged records in order and ends at the high watermark.
TEST_F(ProxyData, GivesTheSameHoweverItIsSlicedAndByWhichInstance) {
  std::mt19937_64 random(seed_of_test());
  const auto below = [&](uint64_t limit) { return static_cast<int32_t>(random() % limit); };
  const Connection other = connect(add_proxy(default_options()));
  std::map<int32_t, std::vector<SeenRecord>> acked;
  for (int i = 0; i < 120; ++i) {
    NewBatch batch = {.partition = below(kPartitions), .values = {}};
    batch.options.codec = static_cast<wire::Codec>(below(5));
    for (int n = 1 + below(4); n > 0; --n) {
      batch.values.push_back(std::to_string(i) + std::string(random() % 300, 'v'));
    }
    rpc::ClientConnection& connection = below(2) == 0 ? *client_ : *other;
    const Stored stored = produce(connection, kTopic, std::vector<NewBatch>(1, batch))[0];
    ASSERT_EQ(stored.error, 0);
    for (size_t n = 0; n < batch.values.size(); ++n) {
      const int64_t offset = stored.base_offset + static_cast<int64_t>(n);
      acked[batch.partition].push_back({offset, batch.values[n]});
    }
  }

  std::map<int32_t, std::vector<SeenRecord>> seen;
  std::map<int32_t, int64_t> position;
  std::set<int32_t> behind;
  for (int32_t v = 0; v < kPartitions; ++v) behind.insert(v);
  for (int round = 0; !behind.empty(); ++round) {
    ASSERT_LT(round, 5000);
    std::vector<FetchAsk> asks;
    for (int32_t v = 0; v < kPartitions; ++v) {
      if (below(3) == 0) continue;
      asks.push_back({.partition = v, .offset = position[v], .bytes_max = below(3000)});
    }
    const FetchLimits limits = {
        .max_wait_ms = below(3), .min_bytes = below(2000), .bytes_max = below(6000)};
    rpc::ClientConnection& connection = below(2) == 0 ? *client_ : *other;
    if (asks.empty()) continue;
    for (auto& [v, fetched] : fetch(connection, kTopic, asks, limits)) {
      ASSERT_EQ(fetched.error, 0);
      ASSERT_GE(fetched.position, position[v]);
      position[v] = fetched.position;
      std::ranges::move(fetched.records, std::back_inserter(seen[v]));
      if (fetched.position == fetched.high_watermark) behind.erase(v);
    }
  }
  std::erase_if(seen, [](const auto& entry) { return entry.second.empty(); });
  EXPECT_EQ(seen, acked);
}

TEST_F(ProxyData, AnswersALongPollWhenItsOwnRecordComes) {
  const Connection producer = connect(*proxies_.front());
  const MonotonicTime begin = loop_.now();
  std::map<int32_t, Fetched> found;
  loop_.call_after(std::chrono::milliseconds(50), [this, &producer] {
    // Foreign records alone do not end the wait; the own one does.
    for (const int32_t v : {2, 5, 8}) {
      const Slice batch = make_batch({.partition = v, .values = {"late " + std::to_string(v)}});
      proto::ProduceRequest::PartitionProduceData data;
      data.index = v;
      data.records.slices = {&batch, 1};
      proto::ProduceRequest::TopicProduceData topic;
      topic.name = kTopic;
      topic.partition_data = {&data, 1};
      proto::ProduceRequest request;
      request.acks = 1;
      request.timeout_ms = 1000;
      request.topic_data = {&topic, 1};
      wire::Writer writer;
      encode(writer, 9, request);
      producer->send(proto::ApiKey::kProduce, 9, writer.take(), deadline(), [](auto) {});
    }
  });
  const FetchLimits wait = {.max_wait_ms = 10'000};
  found = fetch(*client_, kTopic, {{.partition = 8}}, wait);
  ASSERT_EQ(found.at(8).records.size(), 1U);
  EXPECT_EQ(found.at(8).records[0].value, "late 8");
  EXPECT_LT(loop_.now() - begin, std::chrono::seconds(5));
}

TEST_F(ProxyData, RefusesWhatIsNoSingleGoodBatch) {
  const auto code = [&](int32_t partition, const std::vector<Slice>& records) {
    proto::ProduceRequest::PartitionProduceData data;
    data.index = partition;
    data.records.slices = records;
    proto::ProduceRequest::TopicProduceData topic;
    topic.name = kTopic;
    topic.partition_data = {&data, 1};
    proto::ProduceRequest request;
    request.acks = 1;
    request.timeout_ms = 1000;
    request.topic_data = {&topic, 1};
    const auto answer = call(request, 9);
    return proto::error_code(answer->responses[0].partition_responses[0].error_code);
  };
  const Slice good = make_batch({.partition = 0, .values = {"good"}});
  EXPECT_EQ(code(4, {good}), ErrorCode{});
  EXPECT_EQ(code(12, {good}), ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(code(-1, {good}), ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(code(4, {good, good}), ErrorCode::kInvalidRecord);
  EXPECT_EQ(code(4, {Slice::copy_of(std::string(80, 'x'))}), ErrorCode::kInvalidRecord);
  EXPECT_EQ(code(4, {good.subslice(0, good.size() - 1)}), ErrorCode::kInvalidRecord);
  const wire::BatchOptions huge = {
      .producer_id = kProducerIdMax + 1, .producer_epoch = 0, .base_sequence = 0};
  EXPECT_EQ(code(4, {make_batch({.partition = 0, .values = {"x"}, .options = huge})}),
            ErrorCode::kInvalidRecord);
  // Damaged on the way: the broker still finds out, although the header was rewritten.
  Buffer damaged;
  damaged.append(good.bytes());
  damaged.mutable_bytes().back() ^= 1U;
  EXPECT_EQ(code(4, {damaged.freeze()}), ErrorCode::kCorruptMessage);
  EXPECT_EQ(read_all(*client_, kTopic, 4).size(), 1U);
}

TEST_F(ProxyData, TellsReadersOutOfRangeAlone) {
  EXPECT_EQ(produce(kTopic, {.partition = 0, .values = {"a"}}).error, 0);
  EXPECT_EQ(produce(kTopic, {.partition = 3, .values = {"b"}}).error, 0);
  const std::vector<FetchAsk> asks = {{.partition = 0, .offset = 0},
                                      {.partition = 3, .offset = 1000},
                                      {.partition = 6, .offset = -5},
                                      {.partition = 12, .offset = 0}};
  const auto found = fetch(*client_, kTopic, asks);
  EXPECT_EQ(found.at(0).error, 0);
  EXPECT_EQ(found.at(0).records.size(), 1U);
  EXPECT_EQ(found.at(3).error, proto::to_number(ErrorCode::kOffsetOutOfRange));
  EXPECT_EQ(found.at(6).error, proto::to_number(ErrorCode::kOffsetOutOfRange));
  EXPECT_EQ(found.at(12).error, proto::to_number(ErrorCode::kUnknownTopicOrPartition));
}

// What a direct producer writes shows in group 0.
TEST_F(ProxyData, ShowsDirectWritersInTheFirstPartitions) {
  const Connection direct = connect_to_broker();
  const std::vector<NewBatch> batches(1, {.partition = 2, .values = {"direct"}});
  EXPECT_EQ(produce(*direct, kTopic, batches)[0].error, 0);
  EXPECT_EQ(produce(kTopic, {.partition = 5, .values = {"mapped"}}).error, 0);
  ASSERT_EQ(read_all(*client_, kTopic, 2).size(), 1U);
  EXPECT_EQ(read_all(*client_, kTopic, 2)[0].value, "direct");
  EXPECT_EQ(read_all(*client_, kTopic, 5)[0].value, "mapped");
}

TEST_F(ProxyData, SendsWhatWantsNoAnswerEvenWhenTheClientLeavesAtOnce) {
  for (int i = 0; i < 20; ++i) {
    Connection hasty = connect(*proxies_.front());
    const Slice batch = make_batch({.partition = 9, .values = {"hasty " + std::to_string(i)}});
    proto::ProduceRequest::PartitionProduceData data;
    data.index = 9;
    data.records.slices = {&batch, 1};
    proto::ProduceRequest::TopicProduceData topic;
    topic.name = kTopic;
    topic.partition_data = {&data, 1};
    proto::ProduceRequest request;
    request.acks = 0;
    request.topic_data = {&topic, 1};
    for (int n = 0; n < 5; ++n) {
      wire::Writer writer;
      encode(writer, 9, request);
      ASSERT_TRUE(hasty->send_no_response(proto::ApiKey::kProduce, 9, writer.take()));
    }
    loop_.run_ready();  // writes them
    hasty.reset();
  }
  int64_t position = 0;
  size_t count = 0;
  const MonotonicTime give_up = deadline();
  while (count < 100 && loop_.now() < give_up) {
    const FetchLimits wait = {.max_wait_ms = 200};
    auto found = fetch(*client_, kTopic, {{.partition = 9, .offset = position}}, wait);
    position = found[9].position;
    count += found[9].records.size();
  }
  EXPECT_EQ(count, 100U);
}

}  // namespace
}  // namespace odradek::proxy::testing
