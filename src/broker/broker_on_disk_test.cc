// What a broker with a data directory finds again.

#include <fstream>

#include "broker/broker_on_disk_for_tests.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proto/messages/offset_for_leader_epoch_request.h"
#include "proto/messages/offset_for_leader_epoch_response.h"

namespace odradek::broker::testing {
namespace {

TEST_F(BrokerOnDisk, FindsTopicsRecordsAndItselfAgain) {
  create_topic("t", 2, {{"retention.ms", "12345"}});
  produce("t", {"a", "b"});
  produce("t", {"c"});
  const Uuid id = find(metadata(), "t")->topic_id;
  const std::string cluster = broker_->cluster_id();
  restart();
  EXPECT_EQ(broker_->cluster_id(), cluster);
  const auto answer = metadata();
  ASSERT_NE(find(answer, "t"), nullptr);
  EXPECT_EQ(find(answer, "t")->topic_id, id);
  EXPECT_EQ(find(answer, "t")->partitions.size(), 2U);
  EXPECT_EQ(find(answer, "t")->partitions[0].leader_epoch, 1);
  EXPECT_EQ(values("t"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(produce("t", {"d"}).base_offset, 3);
}

TEST_F(BrokerOnDisk, LosesNothingAppendedWhenItCrashes) {
  create_topic("t");
  produce("t", {"a"});
  crash();
  EXPECT_EQ(values("t"), (std::vector<std::string>{"a"}));
  produce("t", {"b"});
  crash();
  EXPECT_EQ(values("t"), (std::vector<std::string>{"a", "b"}));
}

TEST_F(BrokerOnDisk, KnowsTheLastBatchesOfProducersAfterACrash) {
  create_topic("t");
  wire::BatchOptions options;
  options.producer_id = 77;
  options.producer_epoch = 0;
  for (int i = 0; i < 5; ++i) {
    options.base_sequence = i;
    EXPECT_EQ(produce("t", 0, batch({"v"}, options)).base_offset, i);
  }
  crash();
  for (int i = 0; i < 5; ++i) {
    options.base_sequence = i;
    EXPECT_EQ(produce("t", 0, batch({"v"}, options)).base_offset, i) << "a duplicate";
  }
  options.base_sequence = 7;
  EXPECT_EQ(produce("t", 0, batch({"v"}, options)).error_code,
            number(ErrorCode::kOutOfOrderSequenceNumber));
  options.base_sequence = 5;
  EXPECT_EQ(produce("t", 0, batch({"v"}, options)).base_offset, 5);
  restart();
  EXPECT_EQ(produce("t", 0, batch({"v"}, options)).base_offset, 5) << "known from a snapshot";
}

TEST_F(BrokerOnDisk, GivesNoProducerIdTwice) {
  const auto ask = [&] {
    proto::InitProducerIdRequest request;
    request.transactional_id = {};
    request.transaction_timeout_ms = 1000;
    return call(request, 4)->producer_id;
  };
  const int64_t first = ask();
  crash();
  EXPECT_GT(ask(), first);
}

TEST_F(BrokerOnDisk, ForgetsDeletedTopicsAndTheirFiles) {
  create_topic("t");
  produce("t", {"a"});
  const Uuid id = find(metadata(), "t")->topic_id;
  proto::DeleteTopicsRequest request;
  std::array<std::string_view, 1> names{"t"};
  request.topic_names = names;
  request.timeout_ms = 1000;
  EXPECT_EQ(call(request, 5)->responses[0].error_code, 0);
  create_topic("t");
  crash();
  EXPECT_NE(find(metadata(), "t")->topic_id, id);
  EXPECT_EQ(values("t"), std::vector<std::string>());
}

TEST_F(BrokerOnDisk, ServesTheRestWhenASegmentIsDamaged) {
  create_topic("bad");
  create_topic("good");
  produce("bad", {"a"});
  produce("good", {"b"});
  stop();
  {
    std::fstream file(data() / "bad-0" / "00000000000000000000.log",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(16);
    file.put(9);
  }
  start();
  EXPECT_FALSE(broker_->storage_health());
  EXPECT_NE(broker_->storage_health().error().message().find("bad-0"), std::string::npos);
  EXPECT_EQ(values("good"), (std::vector<std::string>{"b"}));
  EXPECT_EQ(produce("bad", {"c"}).error_code, number(ErrorCode::kKafkaStorageError));
  EXPECT_EQ(only_partition(fetch({.topic = "bad"})).error_code,
            number(ErrorCode::kKafkaStorageError));
  restart();
  EXPECT_FALSE(broker_->storage_health()) << "nothing was cut silently";
}

TEST_F(BrokerOnDisk, TellsWhereEpochsEnded) {
  create_topic("t");
  produce("t", {"a", "b"});
  restart();
  restart();
  produce("t", {"c"});
  const auto end_of = [&](int32_t epoch) {
    proto::OffsetForLeaderEpochRequest::OffsetForLeaderPartition partition;
    partition.partition = 0;
    partition.current_leader_epoch = -1;
    partition.leader_epoch = epoch;
    proto::OffsetForLeaderEpochRequest::OffsetForLeaderTopic topic;
    topic.topic = "t";
    topic.partitions = {&partition, 1};
    proto::OffsetForLeaderEpochRequest request;
    request.topics = {&topic, 1};
    const auto answer = call(request, 4);
    const auto& end = answer->topics[0].partitions[0];
    return std::pair(end.leader_epoch, end.end_offset);
  };
  EXPECT_EQ(end_of(0), std::pair(0, int64_t{2}));
  EXPECT_EQ(end_of(1), std::pair(0, int64_t{2}));
  EXPECT_EQ(end_of(2), std::pair(2, int64_t{3}));
  EXPECT_EQ(end_of(3), std::pair(-1, int64_t{-1}));
}

TEST_F(BrokerOnDisk, RefusesTheDirectoryOfAnotherCluster) {
  stop();
  options_.cluster_id = Uuid::random().to_string();
  broker_ = std::make_unique<Broker>(options_);
  const Result<void> started = broker_->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Errc::kConfig);
}

TEST_F(BrokerOnDisk, IsAloneInItsDirectory) {
  Broker other(options_);
  const Result<void> started = other.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Errc::kPrecondition);
}

TEST_F(BrokerOnDisk, StartsAnewWhenReset) {
  create_topic("t");
  produce("t", {"a"});
  broker_->reset();
  EXPECT_EQ(metadata()->topics.size(), 0U);
  create_topic("t");
  produce("t", {"b"});
  crash();
  EXPECT_EQ(values("t"), (std::vector<std::string>{"b"}));
}

}  // namespace
}  // namespace odradek::broker::testing
