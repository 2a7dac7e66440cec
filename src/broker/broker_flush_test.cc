// When what was appended is safe, and what happens when the disk fails.

#include "broker/broker_on_disk_for_tests.h"
#include "broker/flush_policy.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"

namespace odradek::broker::testing {
namespace {

class FlushOnCommit : public BrokerOnDisk {
 protected:
  FlushOnCommit() {
    options_.flush = "commit";
    options_.flush_threads = 2;
  }
  void SetUp() override {
    BrokerOnDisk::SetUp();
    create_topic("t");
  }
  int64_t high_watermark() { return only_partition(fetch({.topic = "t"})).high_watermark; }
  PartitionAnswer answer_of(const Waiting<proto::ProduceRequest>& waiting) {
    return wait_for(waiting)->responses[0].partition_responses[0];
  }
};

TEST_F(FlushOnCommit, AcknowledgesAndShowsOnlyWhatIsSafe) {
  disk_->hold_syncs();
  const auto produced = send_batch("t", 0, batch({"a"}));
  rpc::ClientConnection& reader = connect();
  EXPECT_FALSE(produced.done());
  EXPECT_EQ(only_partition(fetch(reader, {.topic = "t"}).get()).high_watermark, 0);
  const auto fetched = fetch(reader, {.topic = "t", .wait_ms = 1000});
  EXPECT_FALSE(fetched.done());
  disk_->release_syncs();
  EXPECT_EQ(answer_of(produced).error_code, 0);
  EXPECT_EQ(only_partition(wait_for(fetched)).high_watermark, 1);
}

TEST_F(FlushOnCommit, SharesOneSyncAmongBatchesInFlight) {
  disk_->hold_syncs();
  const int before = disk_->syncs;
  const auto first = send_batch("t", 0, batch({"a"}));
  const auto second = send_batch("t", 0, batch({"b"}));
  const auto third = send_batch("t", 0, batch({"c"}));
  EXPECT_FALSE(first.done() || second.done() || third.done());
  disk_->release_syncs();
  EXPECT_EQ(answer_of(first).base_offset, 0);
  EXPECT_EQ(answer_of(second).base_offset, 1);
  EXPECT_EQ(answer_of(third).base_offset, 2);
  EXPECT_EQ(disk_->syncs, before + 2);
  EXPECT_EQ(high_watermark(), 3);
}

TEST_F(FlushOnCommit, AnswersTransactionsWhenTheyAreSafe) {
  proto::InitProducerIdRequest request;
  request.transactional_id = "tx";
  request.transaction_timeout_ms = 1000;
  const auto made = wait_for(send(client(), request, 4));
  EXPECT_EQ(made->error_code, 0);
  EXPECT_GT(disk_->syncs, 0);
}

TEST_F(FlushOnCommit, IsOfflineOnceASyncFailed) {
  EXPECT_EQ(answer_of(send_batch("t", 0, batch({"a"}))).error_code, 0);
  disk_->fail_syncs = true;
  const PartitionAnswer lost = answer_of(send_batch("t", 0, batch({"b"})));
  EXPECT_EQ(lost.error_code, number(ErrorCode::kKafkaStorageError));
  EXPECT_EQ(lost.base_offset, -1);
  disk_->fail_syncs = false;
  EXPECT_EQ(answer_of(send_batch("t", 0, batch({"c"}))).error_code,
            number(ErrorCode::kKafkaStorageError));
  EXPECT_FALSE(broker_->create_topic({"other", 1, {}}));
  EXPECT_FALSE(broker_->storage_health());
  restart();
  EXPECT_TRUE(broker_->storage_health());
  EXPECT_EQ(values("t").at(0), "a");
}

class FlushNowAndThen : public BrokerOnDisk {
 protected:
  FlushNowAndThen() { options_.flush = "50ms"; }
};

TEST_F(FlushNowAndThen, SyncsWhatWasAppended) {
  create_topic("t");
  const int before = disk_->syncs;
  EXPECT_EQ(produce("t", {"a"}).error_code, 0);
  EXPECT_EQ(disk_->syncs, before);
  pass(milliseconds(50));
  EXPECT_EQ(disk_->syncs, before + 1);
  pass(milliseconds(50));
  EXPECT_EQ(disk_->syncs, before + 1) << "nothing new";
}

class FlushByTheSystem : public BrokerOnDisk {};

TEST_F(FlushByTheSystem, SyncsFullSegments) {
  create_topic("t", 1, {{"segment.bytes", "1048576"}});
  const std::string half(600'000, 'x');
  pass(seconds(1));
  const int before = disk_->syncs;
  produce("t", {half});
  pass(seconds(1));
  EXPECT_EQ(disk_->syncs, before);
  produce("t", {half});
  pass(seconds(1));
  EXPECT_GT(disk_->syncs, before);
}

TEST_F(FlushByTheSystem, RefusesBatchesWhileTheDiskIsFull) {
  create_topic("t");
  EXPECT_EQ(produce("t", {"a"}).error_code, 0);
  disk_->room = 100;
  EXPECT_EQ(produce("t", {std::string(1000, 'x')}).error_code,
            number(ErrorCode::kKafkaStorageError));
  EXPECT_EQ(values("t"), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(broker_->storage_health()) << "full is not broken";
  disk_->room = 1'000'000;
  EXPECT_EQ(produce("t", {"b"}).base_offset, 1);
  crash();
  EXPECT_EQ(values("t"), (std::vector<std::string>{"a", "b"}));
}

TEST_F(FlushByTheSystem, DeletesTopicsWhileTheDiskIsFull) {
  create_topic("t");
  disk_->room = 0;
  proto::DeleteTopicsRequest request;
  std::array<std::string_view, 1> names{"t"};
  request.topic_names = names;
  request.timeout_ms = 1000;
  EXPECT_EQ(call(request, 5)->responses[0].error_code, 0);
  restart();
  EXPECT_EQ(find(metadata(), "t"), nullptr);
}

TEST_F(FlushByTheSystem, MakesNoTopicsWhileTheDiskIsFull) {
  disk_->room = 10;
  EXPECT_FALSE(broker_->create_topic({"t", 1, {}}));
  disk_->room = 1'000'000;
  create_topic("t");
  restart();
  EXPECT_NE(find(metadata(), "t"), nullptr);
}

TEST_F(FlushByTheSystem, TakesAPartitionOfflineThatCannotBeWritten) {
  create_topic("t");
  disk_->fail_writes = true;
  EXPECT_EQ(produce("t", {"a"}).error_code, number(ErrorCode::kKafkaStorageError));
  disk_->fail_writes = false;
  EXPECT_EQ(produce("t", {"a"}).error_code, number(ErrorCode::kKafkaStorageError));
  EXPECT_FALSE(broker_->storage_health());
}

TEST(FlushPolicy, IsParsed) {
  EXPECT_EQ(parse_flush_policy("os")->when, FlushPolicy::When::kOs);
  EXPECT_EQ(parse_flush_policy("commit")->when, FlushPolicy::When::kCommit);
  EXPECT_EQ(parse_flush_policy("2s")->interval, Duration(seconds(2)));
  for (const std::string_view bad : {"", "0ms", "-1ms", "5", "5min", "commits"}) {
    EXPECT_FALSE(parse_flush_policy(bad)) << bad;
  }
}

}  // namespace
}  // namespace odradek::broker::testing
