#include <gtest/gtest.h>

#include "broker/broker_for_tests.h"
#include "proto/all_messages.h"

namespace odradek::broker::testing {
namespace {

constexpr int16_t kOldClient = 11;  // Produce, and transaction.version 0
constexpr int16_t kNewClient = 12;

struct Producer {
  std::string id = "tx";
  int64_t producer_id = -1;
  int16_t epoch = -1;
  int32_t sequence = 0;
};

class TxnApi : public BrokerTest {
 protected:
  void SetUp() override {
    BrokerTest::SetUp();
    create_topic("t", 2);
  }

  int16_t init(Producer& producer, int16_t version = 5, int32_t timeout_ms = 60'000) {
    proto::InitProducerIdRequest request;
    request.transactional_id = producer.id;
    request.transaction_timeout_ms = timeout_ms;
    const auto answer = call(request, version);
    if (answer->error_code == 0) {
      producer.producer_id = answer->producer_id;
      producer.epoch = answer->producer_epoch;
      producer.sequence = 0;
    }
    return answer->error_code;
  }
  int16_t add(const Producer& producer, int32_t partition = 0, int16_t version = 3) {
    proto::AddPartitionsToTxnRequest::AddPartitionsToTxnTopic topic{"t", {&partition, 1}, {}};
    proto::AddPartitionsToTxnRequest request;
    request.v3_and_below_transactional_id = producer.id;
    request.v3_and_below_producer_id = producer.producer_id;
    request.v3_and_below_producer_epoch = producer.epoch;
    request.v3_and_below_topics = {&topic, 1};
    const auto answer = call(request, version);
    return answer->results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code;
  }
  int16_t send(Producer& producer, int16_t version = kNewClient, int32_t partition = 0) {
    wire::BatchOptions options;
    options.producer_id = producer.producer_id;
    options.producer_epoch = producer.epoch;
    options.base_sequence = producer.sequence;
    options.transactional = true;
    const Slice records = batch({"v"}, options);
    proto::ProduceRequest::PartitionProduceData data;
    data.index = partition;
    data.records.bytes = records.bytes();
    proto::ProduceRequest::TopicProduceData topic;
    topic.name = "t";
    topic.partition_data = {&data, 1};
    proto::ProduceRequest request;
    request.transactional_id = producer.id;
    request.acks = -1;
    request.topic_data = {&topic, 1};
    const auto answer = call(request, version);
    const int16_t error = answer->responses[0].partition_responses[0].error_code;
    if (error == 0) ++producer.sequence;
    return error;
  }
  int16_t end(Producer& producer, bool commit, int16_t version = 5) {
    proto::EndTxnRequest request;
    request.transactional_id = producer.id;
    request.producer_id = producer.producer_id;
    request.producer_epoch = producer.epoch;
    request.committed = commit;
    const auto answer = call(request, version);
    if (answer->error_code == 0 && version >= 5) {
      producer.producer_id = answer->producer_id;
      producer.epoch = answer->producer_epoch;
      producer.sequence = 0;
    }
    return answer->error_code;
  }

  Waiting<proto::FetchRequest> fetch_committed(int64_t offset, int32_t wait_ms = 0) {
    proto::FetchRequest::FetchPartition partition;
    partition.fetch_offset = offset;
    partition.partition_max_bytes = 1 << 20;
    proto::FetchRequest::FetchTopic topic;
    topic.topic = "t";
    topic.partitions = {&partition, 1};
    proto::FetchRequest request;
    request.isolation_level = 1;
    request.max_wait_ms = wait_ms;
    request.min_bytes = 1;
    request.max_bytes = 1 << 20;
    request.session_epoch = -1;
    request.topics = {&topic, 1};
    request.forgotten_topics_data = proto::empty_array<proto::FetchRequest::ForgottenTopic>();
    request.rack_id = "";
    return wait_ms == 0 ? BrokerTest::send(client(), request, 12)
                        : BrokerTest::send(connect(), request, 12);
  }
  int64_t latest(int8_t isolation) {
    proto::ListOffsetsRequest::ListOffsetsPartition partition;
    partition.timestamp = -1;
    proto::ListOffsetsRequest::ListOffsetsTopic topic{"t", {&partition, 1}, {}};
    proto::ListOffsetsRequest request;
    request.isolation_level = isolation;
    request.topics = {&topic, 1};
    return call(request, 7)->topics[0].partitions[0].offset;
  }
  int16_t commit_offset(const Producer& producer, int64_t offset, int16_t version = 5) {
    proto::TxnOffsetCommitRequest::TxnOffsetCommitRequestPartition partition;
    partition.committed_offset = offset;
    partition.committed_metadata = "m";
    proto::TxnOffsetCommitRequest::TxnOffsetCommitRequestTopic topic;
    topic.name = "t";
    topic.partitions = {&partition, 1};
    proto::TxnOffsetCommitRequest request;
    request.transactional_id = producer.id;
    request.group_id = "g";
    request.producer_id = producer.producer_id;
    request.producer_epoch = producer.epoch;
    request.member_id = "";
    request.topics = {&topic, 1};
    return call(request, version)->topics[0].partitions[0].error_code;
  }
  std::pair<int16_t, int64_t> committed_offset(bool require_stable) {
    int32_t index = 0;
    proto::OffsetFetchRequest::OffsetFetchRequestTopics topic;
    topic.name = "t";
    topic.partition_indexes = {&index, 1};
    proto::OffsetFetchRequest::OffsetFetchRequestGroup group;
    group.group_id = "g";
    group.topics = {&topic, 1};
    proto::OffsetFetchRequest request;
    request.groups = {&group, 1};
    request.require_stable = require_stable;
    const auto answer = call(request, 8);
    const auto& found = answer->groups[0].topics[0].partitions[0];
    return {found.error_code, found.committed_offset};
  }
  std::string state(std::string_view id = "tx") {
    proto::DescribeTransactionsRequest request;
    request.transactional_ids = {&id, 1};
    return std::string(call(request, 0)->transaction_states[0].transaction_state);
  }
};

TEST_F(TxnApi, ShowsCommittedRecordsAfterTheMarkerOnly) {
  Producer producer;
  EXPECT_EQ(init(producer), 0);
  EXPECT_EQ(send(producer), 0);
  EXPECT_EQ(state(), "Ongoing");
  auto answer = fetch_committed(0).get();
  EXPECT_EQ(only_partition(answer).last_stable_offset, 0);
  EXPECT_EQ(only_partition(answer).high_watermark, 1);
  EXPECT_TRUE(only_partition(answer).records.bytes.empty());
  EXPECT_EQ(latest(1), 0);
  EXPECT_EQ(latest(0), 1);
  EXPECT_EQ(end(producer, true), 0);
  EXPECT_EQ(state(), "CompleteCommit");
  answer = fetch_committed(0).get();
  EXPECT_EQ(only_partition(answer).last_stable_offset, 2);
  EXPECT_FALSE(only_partition(answer).records.bytes.empty());
  EXPECT_TRUE(only_partition(answer).aborted_transactions.empty());
  EXPECT_EQ(latest(1), 2);
}

TEST_F(TxnApi, WakesReadersOfCommittedRecordsWithTheMarker) {
  Producer producer;
  init(producer);
  const auto waiting = fetch_committed(0, 1000);
  send(producer);
  EXPECT_FALSE(waiting.done());
  end(producer, true);
  pass(Duration::zero());
  EXPECT_TRUE(waiting.done());
}

TEST_F(TxnApi, ListsAbortedTransactionsInFetches) {
  Producer producer;
  init(producer);
  send(producer);
  EXPECT_EQ(end(producer, false), 0);
  const auto answer = fetch_committed(0).get();
  const auto& aborted = only_partition(answer).aborted_transactions;
  ASSERT_EQ(aborted.size(), 1U);
  EXPECT_EQ(aborted[0].producer_id, producer.producer_id);
  EXPECT_EQ(aborted[0].first_offset, 0);
}

TEST_F(TxnApi, BumpsTheEpochWithEachEndOfANewClient) {
  Producer producer;
  init(producer);
  EXPECT_EQ(producer.epoch, 0);
  send(producer);
  end(producer, true);
  EXPECT_EQ(producer.epoch, 1);
  EXPECT_EQ(send(producer), 0);
  Producer before = producer;
  EXPECT_EQ(end(producer, false), 0);
  EXPECT_EQ(producer.epoch, 2);
  EXPECT_EQ(end(before, false), 0) << "the answer was lost and it asks again";
  EXPECT_EQ(before.epoch, 2);
}

TEST_F(TxnApi, WantsPartitionsOfOldClientsToBeAddedFirst) {
  Producer producer;
  init(producer);
  EXPECT_EQ(send(producer, 10), number(ErrorCode::kInvalidTxnState));
  EXPECT_EQ(send(producer, kOldClient), number(ErrorCode::kTransactionAbortable));
  EXPECT_EQ(add(producer, 7), number(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(add(producer), 0);
  EXPECT_EQ(send(producer, kOldClient), 0);
  EXPECT_EQ(send(producer, kOldClient, 1), number(ErrorCode::kTransactionAbortable));
  EXPECT_EQ(end(producer, true, 4), 0);
  EXPECT_EQ(end(producer, true, 4), 0) << "again";
  EXPECT_EQ(end(producer, false, 4), number(ErrorCode::kInvalidTxnState));
  EXPECT_EQ(send(producer, kOldClient), number(ErrorCode::kTransactionAbortable));
}

TEST_F(TxnApi, FencesTheProducerThatHadTheIdBefore) {
  Producer old;
  init(old);
  send(old);
  Producer fresh;
  EXPECT_EQ(init(fresh), number(ErrorCode::kConcurrentTransactions)) << "aborts first";
  EXPECT_EQ(state(), "CompleteAbort");
  EXPECT_EQ(init(fresh), 0);
  EXPECT_EQ(fresh.epoch, 2);
  EXPECT_EQ(send(old), number(ErrorCode::kInvalidProducerEpoch));
  EXPECT_EQ(add(old), number(ErrorCode::kProducerFenced));
  EXPECT_EQ(add(old, 0, 1), number(ErrorCode::kInvalidProducerEpoch));
  EXPECT_EQ(end(old, true), number(ErrorCode::kProducerFenced));
  EXPECT_EQ(end(old, true, 1), number(ErrorCode::kInvalidProducerEpoch));
  EXPECT_EQ(send(fresh), 0);
}

TEST_F(TxnApi, AbortsWhatTakesTooLong) {
  Producer producer;
  init(producer, 5, 1000);
  send(producer);
  pass(milliseconds(1000));
  EXPECT_EQ(state(), "Ongoing");
  pass(milliseconds(1));
  EXPECT_EQ(state(), "CompleteAbort");
  EXPECT_EQ(latest(1), 2);
  EXPECT_EQ(send(producer), number(ErrorCode::kInvalidProducerEpoch));
}

TEST_F(TxnApi, RefusesBadIdsAndTimeouts) {
  Producer producer;
  EXPECT_EQ(init(producer, 5, 900'001), number(ErrorCode::kInvalidTransactionTimeout));
  EXPECT_EQ(init(producer, 5, 0), number(ErrorCode::kInvalidTransactionTimeout));
  producer.id = "";
  EXPECT_EQ(init(producer), number(ErrorCode::kInvalidRequest));
  EXPECT_EQ(end(producer, true), number(ErrorCode::kInvalidRequest));
  producer.id = "nobody";
  EXPECT_EQ(end(producer, true), number(ErrorCode::kInvalidProducerIdMapping));
  EXPECT_EQ(add(producer), number(ErrorCode::kInvalidProducerIdMapping));
  proto::InitProducerIdRequest request;
  request.transactional_id = "tx";
  request.transaction_timeout_ms = 1000;
  request.producer_id = 5;
  EXPECT_EQ(call(request)->error_code, number(ErrorCode::kInvalidRequest)) << "id without epoch";
}

TEST_F(TxnApi, ListsIdsByStateProducerAndDuration) {
  Producer first{.id = "a"};
  Producer second{.id = "b"};
  init(first);
  init(second);
  send(second);
  pass(seconds(5));
  proto::ListTransactionsRequest request;
  const auto ids = [&] {
    std::vector<std::string> found;
    for (const auto& each : call(request, 1)->transaction_states) {
      found.emplace_back(each.transactional_id);
    }
    return found;
  };
  EXPECT_EQ(ids(), (std::vector<std::string>{"a", "b"}));
  std::string_view states[] = {"Ongoing", "Strange"};
  request.state_filters = states;
  EXPECT_EQ(ids(), std::vector<std::string>{"b"});
  EXPECT_EQ(call(request, 1)->unknown_state_filters[0], "Strange");
  request.duration_filter = 6000;
  EXPECT_TRUE(ids().empty());
  request = {};
  request.producer_id_filters = {&first.producer_id, 1};
  EXPECT_EQ(ids(), std::vector<std::string>{"a"});
}

TEST_F(TxnApi, LetsAnAdministratorEndATransactionThatHangs) {
  Producer producer;
  init(producer);
  send(producer);
  int32_t index = 0;
  proto::DescribeProducersRequest::TopicRequest topic{"t", {&index, 1}, {}};
  proto::DescribeProducersRequest describe;
  describe.topics = {&topic, 1};
  const auto producers = call(describe, 0);
  const auto& state = producers->topics[0].partitions[0].active_producers[0];
  EXPECT_EQ(state.current_txn_start_offset, 0);
  EXPECT_EQ(state.coordinator_epoch, -1);

  proto::WriteTxnMarkersRequest::WritableTxnMarkerTopic where{"t", {&index, 1}, {}};
  proto::WriteTxnMarkersRequest::WritableTxnMarker marker;
  marker.producer_id = producer.producer_id;
  marker.producer_epoch = producer.epoch;
  marker.topics = {&where, 1};
  proto::WriteTxnMarkersRequest request;
  request.markers = {&marker, 1};
  EXPECT_EQ(call(request, 1)->markers[0].topics[0].partitions[0].error_code, 0);
  EXPECT_EQ(latest(1), 2);
}

TEST_F(TxnApi, CommitsOffsetsWithTheTransaction) {
  Producer producer;
  init(producer);
  EXPECT_EQ(commit_offset(producer, 7), 0);
  EXPECT_EQ(committed_offset(false), std::pair(int16_t{0}, int64_t{-1}));
  EXPECT_EQ(committed_offset(true).first, number(ErrorCode::kUnstableOffsetCommit));
  EXPECT_EQ(end(producer, true), 0);
  EXPECT_EQ(committed_offset(true), std::pair(int16_t{0}, int64_t{7}));
  EXPECT_EQ(commit_offset(producer, 9), 0);
  EXPECT_EQ(committed_offset(false), std::pair(int16_t{0}, int64_t{7})) << "the one before";
  EXPECT_EQ(end(producer, false), 0);
  EXPECT_EQ(committed_offset(true), std::pair(int16_t{0}, int64_t{7}));
}

TEST_F(TxnApi, WantsOffsetsOfOldClientsToBeAddedFirst) {
  Producer producer;
  init(producer);
  EXPECT_EQ(commit_offset(producer, 7, 3), number(ErrorCode::kInvalidTxnState));
  EXPECT_EQ(commit_offset(producer, 7, 4), number(ErrorCode::kTransactionAbortable));
  proto::AddOffsetsToTxnRequest request;
  request.transactional_id = producer.id;
  request.producer_id = producer.producer_id;
  request.producer_epoch = producer.epoch;
  request.group_id = "g";
  EXPECT_EQ(call(request, 3)->error_code, 0);
  EXPECT_EQ(commit_offset(producer, 7, 3), 0);
  EXPECT_EQ(end(producer, true, 4), 0);
  EXPECT_EQ(committed_offset(true).second, 7);
  ++producer.epoch;
  EXPECT_EQ(call(request, 1)->error_code, 0) << "a new transaction of the same epoch";
  EXPECT_EQ(commit_offset(producer, 7), number(ErrorCode::kInvalidProducerEpoch));
}

}  // namespace
}  // namespace odradek::broker::testing
