#include <gtest/gtest.h>

#include "broker/broker_for_tests.h"
#include "wire/batch_rewrite.h"
#include "wire/endian.h"

namespace odradek::broker::testing {
namespace {

using Produce = BrokerTest;
using Fetch = BrokerTest;

TEST_F(Produce, GivesOffsetsInOrder) {
  create_topic("t");
  EXPECT_EQ(produce("t", {"a", "b"}).base_offset, 0);
  const PartitionAnswer second = produce("t", {"c"});
  EXPECT_EQ(second.error_code, 0);
  EXPECT_EQ(second.base_offset, 2);
  EXPECT_EQ(second.log_append_time_ms, -1);
  EXPECT_EQ(second.log_start_offset, 0);
}

TEST_F(Produce, KnowsOnlyTopicsThatExist) {
  const PartitionAnswer answer = produce("none", {"a"});
  EXPECT_EQ(answer.error_code, number(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(answer.base_offset, -1);
  create_topic("t");
  EXPECT_EQ(produce("t", 1, batch({"a"})).error_code, number(ErrorCode::kUnknownTopicOrPartition));
}

TEST_F(Produce, RefusesOtherAcks) {
  create_topic("t");
  const PartitionAnswer answer = produce("t", 0, batch({"a"}), 2);
  EXPECT_EQ(answer.error_code, number(ErrorCode::kInvalidRequiredAcks));
  EXPECT_EQ(answer.base_offset, -1);
  EXPECT_EQ(answer.log_append_time_ms, -1);
}

TEST_F(Produce, AnswersNothingWithoutAcksAndClosesOnAnError) {
  create_topic("t");
  const Slice records = batch({"a"});
  proto::ProduceRequest::PartitionProduceData data;
  data.records.bytes = records.bytes();
  proto::ProduceRequest::TopicProduceData topic;
  topic.name = "t";
  topic.partition_data = {&data, 1};
  proto::ProduceRequest request;
  request.topic_data = {&topic, 1};
  for (const bool good : {true, false}) {
    data.index = good ? 0 : 7;
    wire::Writer writer(256);
    encode(writer, 9, request);
    EXPECT_TRUE(client().send_no_response(proto::ApiKey::kProduce, 9, *writer.finish()));
    loop_.run_ready();
    EXPECT_EQ(client().is_open(), good);
  }
  clients_.clear();
  EXPECT_EQ(only_partition(fetch({})).high_watermark, 1);
}

TEST_F(Produce, TellsTheCodesOfBadBatches) {
  create_topic("t", 1, {{"max.message.bytes", "200"}});
  EXPECT_EQ(produce("t", 0, Slice()).error_code, number(ErrorCode::kInvalidRecord));
  EXPECT_EQ(produce("t", {std::string(300, 'x')}).error_code, number(ErrorCode::kMessageTooLarge));
  Buffer broken;
  broken.append(batch({"a"}).bytes());
  broken.data()[broken.size() - 1] ^= 1;
  EXPECT_EQ(produce("t", 0, broken.freeze()).error_code, number(ErrorCode::kCorruptMessage));
  Buffer two;
  two.append(batch({"a"}).bytes());
  two.append(batch({"b"}).bytes());
  EXPECT_EQ(produce("t", 0, two.freeze()).error_code, number(ErrorCode::kInvalidRecord));
}

TEST_F(Produce, NamesTheRecordsThatAreWrong) {
  create_topic("t", 1, {{"message.timestamp.after.max.ms", "1000"}});
  clock_.set_wall_ms(clock_.wall_ms() + 5000);
  const Slice future = batch({"a", "b"});
  clock_.set_wall_ms(clock_.wall_ms() - 5000);
  const PartitionAnswer answer = produce("t", 0, future);
  EXPECT_EQ(answer.error_code, number(ErrorCode::kInvalidTimestamp));
  EXPECT_EQ(answer.record_errors.size(), 2U);
  EXPECT_FALSE(answer.error_message.empty());
}

TEST_F(Produce, RefusesZstdFromClientsThatCannotKnowIt) {
  create_topic("t");
  wire::BatchOptions options;
  options.codec = wire::Codec::kZstd;
  const Slice records = batch({std::string(1000, 'x')}, options);
  EXPECT_EQ(produce("t", 0, records, 1, 6).error_code,
            number(ErrorCode::kUnsupportedCompressionType));
  EXPECT_EQ(produce("t", 0, records, 1, 7).error_code, 0);
}

// Kafka asks for no more replicas in sync than the partition has.
TEST_F(Produce, IsNotHeldUpByReplicasThatCannotBe) {
  create_topic("t", 1, {{"min.insync.replicas", "2"}});
  EXPECT_EQ(produce("t", 0, batch({"a"}), -1).error_code, 0);
  EXPECT_EQ(produce("t", 0, batch({"a"}), 1).error_code, 0);
}

TEST_F(Produce, RecognisesDuplicatesAndGaps) {
  create_topic("t");
  wire::BatchOptions options;
  options.producer_id = 5;
  options.producer_epoch = 0;
  options.base_sequence = 0;
  const Slice first = batch({"a", "b"}, options);
  EXPECT_EQ(produce("t", 0, first).base_offset, 0);
  const PartitionAnswer again = produce("t", 0, first);
  EXPECT_EQ(again.error_code, 0);
  EXPECT_EQ(again.base_offset, 0);
  options.base_sequence = 7;
  EXPECT_EQ(produce("t", 0, batch({"z"}, options)).error_code,
            number(ErrorCode::kOutOfOrderSequenceNumber));
}

TEST_F(Produce, MakesRoomByDroppingTheOldestRecords) {
  clients_.clear();
  loop_.block_on(broker_->stop_async());
  options_.memory_bytes_max = 1 << 20;
  start();
  create_topic("t");
  const std::string value(60'000, 'v');
  for (int i = 0; i < 40; ++i) EXPECT_EQ(produce("t", {value}).error_code, 0);
  EXPECT_GT(only_partition(fetch({.offset = 40})).log_start_offset, 0);

  clients_.clear();
  loop_.block_on(broker_->stop_async());
  options_.refuse_when_full = true;
  start();
  create_topic("t");
  int refused = 0;
  for (int i = 0; i < 40; ++i) {
    if (produce("t", {value}).error_code == number(ErrorCode::kKafkaStorageError)) ++refused;
  }
  EXPECT_GT(refused, 0);
  EXPECT_EQ(only_partition(fetch({.offset = 0})).log_start_offset, 0);
}

TEST_F(Fetch, GivesWholeBatchesFromTheOneThatHoldsTheOffset) {
  create_topic("t");
  produce("t", {"a", "b", "c"});
  produce("t", {"d"});
  const FetchAnswer answer = fetch({.offset = 1});
  const auto& data = only_partition(answer);
  EXPECT_EQ(data.error_code, 0);
  EXPECT_EQ(data.high_watermark, 4);
  EXPECT_EQ(data.last_stable_offset, 4);
  std::vector<int64_t> bases;
  const Result<Bytes> rest = wire::for_each_batch(
      data.records.bytes,
      [&](const wire::BatchView& view) { bases.push_back(view.base_offset()); });
  EXPECT_TRUE(rest && rest->empty());
  EXPECT_EQ(bases, (std::vector<int64_t>{0, 3}));
}

TEST_F(Fetch, GivesOneBatchHoweverSmallTheLimits) {
  create_topic("t");
  produce("t", {"a"});
  produce("t", {"b"});
  const FetchAnswer answer = fetch({.bytes_max = 1, .partition_bytes_max = 1});
  const Result<wire::BatchView> only = wire::BatchView::parse(only_partition(answer).records.bytes);
  ASSERT_TRUE(only);
  EXPECT_EQ(only->size(), only_partition(answer).records.bytes.size());
}

TEST_F(Fetch, SendsNoRecordsAsAnEmptyFieldAlsoWithAnError) {
  create_topic("t");
  const FetchAnswer empty = fetch({});
  EXPECT_FALSE(only_partition(empty).records.is_null());
  const FetchAnswer beyond = fetch({.offset = 1});
  const auto& data = only_partition(beyond);
  EXPECT_EQ(data.error_code, number(ErrorCode::kOffsetOutOfRange));
  EXPECT_FALSE(data.records.is_null());
  EXPECT_EQ(data.high_watermark, -1);
  EXPECT_EQ(data.last_stable_offset, -1);
  EXPECT_EQ(data.log_start_offset, -1);
  EXPECT_EQ(only_partition(fetch({.topic = "none"})).error_code,
            number(ErrorCode::kUnknownTopicOrPartition));
}

TEST_F(Fetch, ChecksTheLeaderEpoch) {
  create_topic("t");
  EXPECT_EQ(only_partition(fetch({.leader_epoch = 0})).error_code, 0);
  EXPECT_EQ(only_partition(fetch({.leader_epoch = 1})).error_code,
            number(ErrorCode::kUnknownLeaderEpoch));
}

TEST_F(Fetch, WaitsAsLongAsAskedAndNoLonger) {
  create_topic("t");
  const auto waiting = fetch(connect(), {.wait_ms = 500});
  pass(milliseconds(499));
  EXPECT_FALSE(waiting.done());
  pass(milliseconds(1));
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(only_partition(waiting.get()).error_code, 0);
}

TEST_F(Fetch, WaitsAsLongAsAskedWhenTheWallClockJumps) {
  create_topic("t");
  const auto waiting = fetch(connect(), {.wait_ms = 500});
  clock_.set_wall_ms(clock_.wall_ms() + 3'600'000);
  pass(milliseconds(499));
  EXPECT_FALSE(waiting.done());
  clock_.set_wall_ms(0);
  pass(milliseconds(1));
  EXPECT_TRUE(waiting.done());
}

TEST_F(Fetch, IsWokenByEnoughBytes) {
  create_topic("t");
  const Slice records = batch({"a"});
  const auto one = static_cast<int32_t>(records.size());
  const auto waiting = fetch(connect(), {.wait_ms = 60'000, .bytes_min = 2 * one});
  connect();
  rpc::ClientConnection& producer = *clients_.back();
  std::swap(clients_.front(), clients_.back());
  ASSERT_EQ(&client(), &producer);
  produce("t", 0, records);
  EXPECT_FALSE(waiting.done());
  produce("t", 0, records);
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(only_partition(waiting.get()).records.bytes.size(), records.size() * 2);
}

TEST_F(Fetch, IsAnsweredWhenItsTopicGoes) {
  create_topic("t");
  const auto waiting = fetch(connect(), {.wait_ms = 60'000});
  EXPECT_FALSE(waiting.done());
  broker_->reset();
  loop_.run_ready();
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(only_partition(waiting.get()).error_code, number(ErrorCode::kUnknownTopicOrPartition));
}

TEST_F(Fetch, ForgetsClientsThatGo) {
  create_topic("t");
  fetch(connect(), {.wait_ms = 60'000});
  clients_.clear();
  loop_.run_ready();
  EXPECT_EQ(produce("t", {"a"}).error_code, 0);
  pass(seconds(61));
}

TEST_F(Fetch, KeepsASessionThatTellsOnlyNews) {
  create_topic("t");
  produce("t", {"a"});
  const FetchAnswer first = fetch({.session_epoch = 0});
  const int32_t id = first->session_id;
  EXPECT_NE(id, 0);
  EXPECT_EQ(first->responses.size(), 1U);
  const FetchAnswer second = fetch({.offset = 1, .session_id = id, .session_epoch = 1});
  EXPECT_EQ(second->session_id, id);
  EXPECT_TRUE(second->responses.empty());
  const FetchAnswer third = fetch({.session_id = id, .session_epoch = 2, .no_partitions = true});
  EXPECT_TRUE(third->responses.empty()) << "it goes on at offset 1";
  produce("t", {"b"});
  const FetchAnswer fourth = fetch({.session_id = id, .session_epoch = 3, .no_partitions = true});
  EXPECT_EQ(only_partition(fourth).high_watermark, 2);
}

TEST_F(Fetch, RefusesUnknownSessionsAndWrongEpochs) {
  create_topic("t");
  EXPECT_EQ(fetch({.session_id = 77, .session_epoch = 1})->error_code,
            number(ErrorCode::kFetchSessionIdNotFound));
  const int32_t id = fetch({.session_epoch = 0})->session_id;
  const FetchAnswer wrong = fetch({.session_id = id, .session_epoch = 5});
  EXPECT_EQ(wrong->error_code, number(ErrorCode::kInvalidFetchSessionEpoch));
  EXPECT_EQ(wrong->session_id, 0);
  EXPECT_EQ(fetch({.session_id = id, .session_epoch = -1})->session_id, 0) << "ends it";
  EXPECT_EQ(fetch({.session_id = id, .session_epoch = 1})->error_code,
            number(ErrorCode::kFetchSessionIdNotFound));
}

}  // namespace
}  // namespace odradek::broker::testing
