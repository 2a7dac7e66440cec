#include <fmt/format.h>

#include <map>
#include <set>

#include "proto/error_code.h"
#include "proto/messages/add_partitions_to_txn_request.h"
#include "proto/messages/add_partitions_to_txn_response.h"
#include "proto/messages/end_txn_request.h"
#include "proto/messages/end_txn_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"
#include "proto/messages/txn_offset_commit_request.h"
#include "proto/messages/txn_offset_commit_response.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

using proto::ErrorCode;

constexpr std::string_view kTopic = "events";
constexpr std::string_view kTransactionalId = "transfer";
constexpr int32_t kPartitions = 12;
constexpr int16_t kLastWithoutImplicitAdd = 11;  // of Produce: partitions are added beforehand
constexpr int16_t kLastSameEpoch = 4;            // of EndTxn: the epoch stays

struct Producer {
  int64_t id = -1;
  int16_t epoch = -1;
};

class ProxyTransactions : public ProxyTest {
 protected:
  void SetUp() override {
    start();
    ASSERT_EQ(create_topic(kTopic, kPartitions), 0);
  }

  Producer begin_producer() {
    proto::InitProducerIdRequest request;
    request.transactional_id = kTransactionalId;
    request.transaction_timeout_ms = 60'000;
    const auto answer = call(request);
    EXPECT_EQ(answer->error_code, 0);
    return {answer->producer_id, answer->producer_epoch};
  }

  std::map<int32_t, ErrorCode> add_partitions(const Producer& producer,
                                              std::vector<int32_t> partitions) {
    proto::AddPartitionsToTxnRequest::AddPartitionsToTxnTopic topic;
    topic.name = kTopic;
    topic.partitions = partitions;
    proto::AddPartitionsToTxnRequest request;
    request.v3_and_below_transactional_id = kTransactionalId;
    request.v3_and_below_producer_id = producer.id;
    request.v3_and_below_producer_epoch = producer.epoch;
    request.v3_and_below_topics = {&topic, 1};
    const auto answer = call(request, 3);
    std::map<int32_t, ErrorCode> codes;
    for (const auto& result : answer->results_by_topic_v3_and_below[0].results_by_partition) {
      codes[result.partition_index] = proto::error_code(result.partition_error_code);
    }
    return codes;
  }
  void add_all_partitions(const Producer& producer) {
    std::vector<int32_t> all;
    for (int32_t v = 0; v < kPartitions; ++v) all.push_back(v);
    for (const auto& [v, code] : add_partitions(producer, all)) EXPECT_EQ(code, ErrorCode{}) << v;
  }

  static NewBatch batch(const Producer& producer, int32_t v, int32_t sequence, std::string value) {
    return {.partition = v,
            .values = {std::move(value)},
            .options = {.transactional = true,
                        .producer_id = producer.id,
                        .producer_epoch = producer.epoch,
                        .base_sequence = sequence}};
  }

  std::vector<Stored> produce_in_transaction(rpc::ClientConnection& connection,
                                             const std::vector<NewBatch>& batches,
                                             std::string_view topic = kTopic) {
    return produce(connection, topic, batches, kTransactionalId, kLastWithoutImplicitAdd);
  }

  void end(const Producer& producer, bool committed) {
    proto::EndTxnRequest request;
    request.transactional_id = kTransactionalId;
    request.producer_id = producer.id;
    request.producer_epoch = producer.epoch;
    request.committed = committed;
    EXPECT_EQ(call(request, kLastSameEpoch)->error_code, 0);
  }

  // What a consumer sees that reads committed records only.
  std::vector<SeenRecord> all_committed(rpc::ClientConnection& connection, int32_t v) {
    std::vector<SeenRecord> seen;
    FetchAsk ask = {.partition = v};
    while (true) {
      const int64_t position = read_committed(connection, kTopic, ask, seen);
      if (position <= ask.offset) return seen;
      ask.offset = position;
    }
  }

  // Reads until the markers are written, which is after EndTxn was answered.
  std::vector<SeenRecord> wait_committed(rpc::ClientConnection& connection, int32_t v,
                                         size_t count) {
    std::vector<SeenRecord> seen;
    const MonotonicTime give_up = deadline();
    while (seen.size() < count && loop_.now() < give_up) seen = all_committed(connection, v);
    return seen;
  }
};

std::vector<std::string> values_of(const std::vector<SeenRecord>& records) {
  std::vector<std::string> values;
  for (const SeenRecord& record : records) values.push_back(record.value);
  return values;
}

// Invariant 7, and the third silent loss's sister: C virtual partitions share one broker sequence.
TEST_F(ProxyTransactions, CommitWhatWasWrittenToEveryVirtualPartition) {
  const Producer producer = begin_producer();
  for (int32_t round = 0; round < 3; ++round) {
    add_all_partitions(producer);
    std::vector<NewBatch> batches;
    for (int32_t v = 0; v < kPartitions; ++v) {
      batches.push_back(batch(producer, v, round, fmt::format("{}/{}", v, round)));
    }
    for (const Stored& stored : produce_in_transaction(*client_, batches)) {
      EXPECT_EQ(stored.error, 0);
    }
    end(producer, round != 1);
  }
  for (int32_t v = 0; v < kPartitions; ++v) {
    const auto seen = wait_committed(*client_, v, 2);
    EXPECT_EQ(values_of(seen), (std::vector{fmt::format("{}/0", v), fmt::format("{}/2", v)}));
  }
}

TEST_F(ProxyTransactions, StoreARepeatedBatchOnce) {
  const Producer producer = begin_producer();
  add_all_partitions(producer);
  std::map<int32_t, std::vector<Stored>> first;
  for (int32_t sequence = 0; sequence < 3; ++sequence) {
    for (int32_t v = 0; v < kPartitions; ++v) {
      const NewBatch one = batch(producer, v, sequence, std::to_string(sequence));
      const std::vector<Stored> stored = produce_in_transaction(*client_, {one});
      EXPECT_EQ(stored[0].error, 0);
      EXPECT_EQ(produce_in_transaction(*client_, {one}), stored);
    }
  }
  EXPECT_EQ(produce_in_transaction(*client_, {batch(producer, 7, 9, "gap")})[0].error,
            proto::to_number(ErrorCode::kOutOfOrderSequenceNumber));
  end(producer, true);
  for (int32_t v = 0; v < kPartitions; ++v) {
    EXPECT_EQ(values_of(wait_committed(*client_, v, 3)), (std::vector<std::string>{"0", "1", "2"}));
  }
}

TEST_F(ProxyTransactions, GoOnAtAnotherInstanceBetweenTransactionsAndEndInside) {
  const Proxy& second = add_proxy(default_options());
  const Connection beside = connect(second);
  const Producer producer = begin_producer();
  add_all_partitions(producer);
  EXPECT_EQ(produce_in_transaction(*client_, {batch(producer, 4, 0, "a")})[0].error, 0);
  // The other instance does not know the numbers of the open transaction.
  EXPECT_EQ(produce_in_transaction(*beside, {batch(producer, 7, 0, "lost")})[0].error,
            proto::to_number(ErrorCode::kTransactionAbortable));
  end(producer, false);
  add_all_partitions(producer);
  EXPECT_EQ(produce_in_transaction(*beside, {batch(producer, 7, 1, "b")})[0].error, 0);
  end(producer, true);
  EXPECT_EQ(values_of(wait_committed(*beside, 7, 1)), (std::vector<std::string>{"b"}));
  EXPECT_TRUE(all_committed(*client_, 4).empty());
}

TEST_F(ProxyTransactions, GoOnWithANewConnectionOfTheClient) {
  const Producer producer = begin_producer();
  add_all_partitions(producer);
  EXPECT_EQ(produce_in_transaction(*client_, {batch(producer, 4, 0, "a")})[0].error, 0);
  client_ = connect(*proxies_[0]);
  EXPECT_EQ(produce_in_transaction(*client_, {batch(producer, 7, 0, "b")})[0].error, 0);
  EXPECT_EQ(produce_in_transaction(*client_, {batch(producer, 4, 1, "c")})[0].error, 0);
  end(producer, true);
  EXPECT_EQ(values_of(wait_committed(*client_, 4, 2)), (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(values_of(wait_committed(*client_, 7, 1)), (std::vector<std::string>{"b"}));
}

// What was numbered there before is old by then: a broker would take the batch for a repetition.
TEST_F(ProxyTransactions, ComeBackToAnInstanceOnTheSameConnection) {
  const Connection beside = connect(add_proxy(default_options()));
  const Producer producer = begin_producer();
  add_all_partitions(producer);
  EXPECT_EQ(produce_in_transaction(*client_, {batch(producer, 4, 0, "a")})[0].error, 0);
  end(producer, true);
  add_all_partitions(producer);
  EXPECT_EQ(produce_in_transaction(*beside, {batch(producer, 7, 0, "b")})[0].error, 0);
  end(producer, true);
  ASSERT_TRUE(loop_.block_on(io::sleep(loop_, std::chrono::milliseconds(150))));
  add_all_partitions(producer);
  EXPECT_EQ(produce_in_transaction(*client_, {batch(producer, 10, 0, "c")})[0].error, 0);
  end(producer, true);
  EXPECT_EQ(values_of(wait_committed(*client_, 7, 1)), (std::vector<std::string>{"b"}));
  EXPECT_EQ(values_of(wait_committed(*client_, 10, 1)), (std::vector<std::string>{"c"}));
}

TEST_F(ProxyTransactions, RefusePartitionsThatDoNotExist) {
  const Producer producer = begin_producer();
  const auto codes = add_partitions(producer, {0, 12});
  EXPECT_EQ(codes.at(0), ErrorCode::kOperationNotAttempted);
  EXPECT_EQ(codes.at(12), ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(ProxyTransactions, NeedTopicsThatKeepTheMarks) {
  proto::CreateTopicsRequest::CreatableTopicConfig config;
  config.name = "message.timestamp.type";
  config.value = "LogAppendTime";
  proto::CreateTopicsRequest::CreatableTopic topic;
  topic.name = "stamped";
  topic.num_partitions = kPartitions;
  topic.replication_factor = -1;
  topic.configs = {&config, 1};
  proto::CreateTopicsRequest request;
  request.topics = {&topic, 1};
  ASSERT_EQ(call(request)->topics[0].error_code, 0);
  const Producer producer = begin_producer();
  const auto stored = produce_in_transaction(
      *client_, {batch(producer, 0, 0, "a"), batch(producer, 3, 0, "b")}, "stamped");
  EXPECT_NE(stored[0].error, proto::to_number(ErrorCode::kPolicyViolation));
  EXPECT_EQ(stored[1].error, proto::to_number(ErrorCode::kPolicyViolation));
}

TEST_F(ProxyTransactions, CommitOffsetsOfEveryVirtualPartition) {
  for (const bool is_committed : {false, true}) {
    const Producer producer = begin_producer();
    std::vector<proto::TxnOffsetCommitRequest::TxnOffsetCommitRequestPartition> partitions;
    for (int32_t v = 0; v < kPartitions; ++v) {
      auto& partition = partitions.emplace_back();
      partition.partition_index = v;
      partition.committed_offset = 100 + v;
      partition.committed_leader_epoch = 3;
      partition.committed_metadata = "note";
    }
    proto::TxnOffsetCommitRequest::TxnOffsetCommitRequestTopic topic;
    topic.name = kTopic;
    topic.partitions = partitions;
    proto::TxnOffsetCommitRequest request;
    request.transactional_id = kTransactionalId;
    request.group_id = "readers";
    request.producer_id = producer.id;
    request.producer_epoch = producer.epoch;
    request.member_id = "";
    request.topics = {&topic, 1};
    const auto answer = call(request);
    for (const auto& partition : answer->topics[0].partitions) {
      EXPECT_EQ(partition.error_code, 0) << partition.partition_index;
    }
    end(producer, is_committed);
    std::vector<int32_t> all;
    for (int32_t v = 0; v < kPartitions; ++v) all.push_back(v);
    proto::OffsetFetchRequest::OffsetFetchRequestTopics asked;
    asked.name = kTopic;
    asked.partition_indexes = all;
    proto::OffsetFetchRequest::OffsetFetchRequestGroup group;
    group.group_id = "readers";
    group.topics = {&asked, 1};
    proto::OffsetFetchRequest fetch;
    fetch.groups = {&group, 1};
    fetch.require_stable = true;
    const auto is_pending = [](const auto& partition) { return partition.error_code != 0; };
    auto fetched = call(fetch);
    while (std::ranges::any_of(fetched->groups[0].topics[0].partitions, is_pending)) {
      ASSERT_LT(loop_.now(), deadline());
      fetched = call(fetch);
    }
    for (const auto& partition : fetched->groups[0].topics[0].partitions) {
      EXPECT_EQ(partition.committed_offset, is_committed ? 100 + partition.partition_index : -1);
      if (is_committed) EXPECT_EQ(partition.committed_leader_epoch, 3);
      if (is_committed) EXPECT_EQ(partition.metadata, "note");
    }
  }
}

}  // namespace
}  // namespace odradek::proxy::testing
