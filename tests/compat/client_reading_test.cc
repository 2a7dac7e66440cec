// Where a consumer begins, what it does when the log it read from is cut, how it is looped over.
#include <algorithm>

#include "client_fixture.h"

namespace odradek::compat {
namespace {

class ReadingTest : public ClientTest {
 protected:
  // Records with these ages, oldest first.
  void fill_with_ages(const std::string& topic, std::vector<std::chrono::minutes> ages) {
    const auto now = std::chrono::duration_cast<milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    ok::Producer producer(*client_, {});
    for (const std::chrono::minutes age : ages) {
      ok::Record record{.topic = topic, .value = "v", .partition = 0};
      record.timestamp_ms = (now - age).count();
      ASSERT_TRUE(producer.send(record).get());
    }
  }

  int64_t first_position(const std::string& topic, ok::ConsumerOptions options) {
    ok::Consumer consumer(*client_, std::move(options));
    EXPECT_TRUE(consumer.assign({{topic, 0}}));
    const auto position = consumer.position({topic, 0}).get();
    EXPECT_TRUE(position) << position.error().to_string();
    return position ? *position : -1;
  }

  // The leader epoch the topic's first records were written under.
  int32_t epoch_of(const std::string& topic) {
    ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
    EXPECT_TRUE(consumer.assign({{topic, 0}}));
    for (const ok::RecordBatch& batch : consumer.batches(seconds(10))) {
      return batch.leader_epoch();
    }
    ADD_FAILURE() << "no records";
    return -1;
  }

  // A group that read more than the topic has, as after an unclean election.
  std::string group_beyond_the_end(const std::string& topic, int64_t offset, int32_t epoch) {
    const std::string group = fresh_name("group");
    auto options = group_options(group);
    options.auto_commit = false;  // nor a position of its own when it closes
    ok::Consumer consumer(*client_, options);
    EXPECT_TRUE(consumer.assign({{topic, 0}}));
    ok::CommittedOffset read{.partition = {topic, 0}};
    read.committed = ok::OffsetAndMetadata{.offset = offset, .leader_epoch = epoch};
    const auto committed = consumer.commit({read}).get();
    EXPECT_TRUE(committed) << committed.error().to_string();
    return group;
  }
};

TEST_F(ReadingTest, BeginsAtTheFirstRecordThatIsNotTooOld) {
  using std::chrono::minutes;
  const std::string topic = create_topic(1);
  fill_with_ages(topic, {minutes(180), minutes(120), minutes(30), minutes(10)});
  EXPECT_EQ(first_position(topic, {.start = ok::Start::by_duration(minutes(60))}), 2);
  EXPECT_EQ(first_position(topic, {.start = ok::Start::by_duration(minutes(1000))}), 0);
  EXPECT_EQ(first_position(topic, {.start = ok::Start::by_duration(minutes(1))}), 4);
}

TEST_F(ReadingTest, GoesBackToWhereTheLogWasCut) {
  const std::string topic = create_topic(1);
  fill(topic, 10, 0);
  const int32_t epoch = epoch_of(topic);
  ASSERT_GE(epoch, 0);
  auto options = group_options(group_beyond_the_end(topic, 5000, epoch));
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  ASSERT_TRUE(consumer.poll(milliseconds(500)));
  fill(topic, 1, 0);
  const auto seen = read(consumer, 1);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].offset, 10);  // not 0, as for an offset that is only out of range
}

TEST_F(ReadingTest, SaysThatTheLogWasCutWhenItMayNotChoose) {
  const std::string topic = create_topic(1);
  fill(topic, 10, 0);
  auto options = group_options(group_beyond_the_end(topic, 5000, epoch_of(topic)));
  options.start = ok::Start::none;
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  const auto failed = consumer.poll(seconds(30));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind(), ok::ErrorKind::log_truncated) << failed.error().to_string();
  EXPECT_NE(failed.error().message().find(topic), std::string::npos);
  ASSERT_TRUE(consumer.seek({topic, 0}, 3));
  EXPECT_EQ(read(consumer, 1)[0].offset, 3);
}

TEST_F(ReadingTest, ReadsOnWhereTheLogStillHasWhatWasRead) {
  const std::string topic = create_topic(1);
  fill(topic, 10, 0);
  auto options = group_options(group_beyond_the_end(topic, 7, epoch_of(topic)));
  options.start = ok::Start::none;
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  EXPECT_EQ(read(consumer, 3)[0].offset, 7);
  ASSERT_TRUE(consumer.seek({topic, 0}, ok::OffsetAndMetadata{.offset = 2, .leader_epoch = 0}));
  EXPECT_EQ(read(consumer, 1)[0].offset, 2);
}

TEST_F(ReadingTest, GivesBatchesToALoopUntilNoneComes) {
  const std::string topic = create_topic(1);
  fill(topic, 100, 0);
  ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  ok::BatchRange batches = consumer.batches(seconds(2));
  int64_t next = 0;
  for (const ok::RecordBatch& batch : batches) {
    for (const ok::RecordView& record : batch) EXPECT_EQ(record.offset(), next++);
  }
  EXPECT_EQ(next, 100);
  EXPECT_TRUE(batches.status());
}

TEST_F(ReadingTest, EndsALoopOverBatchesByWakeAndByAnError) {
  const std::string topic = create_topic(1);
  ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  consumer.wake();
  for (const ok::RecordBatch& batch : consumer.batches(seconds(60))) {
    ADD_FAILURE() << "a batch of " << batch.size();
  }
  ASSERT_TRUE(consumer.close(seconds(10)).get());
  ok::BatchRange closed = consumer.batches(seconds(60));
  for (const ok::RecordBatch& batch : closed) ADD_FAILURE() << "a batch of " << batch.size();
  ASSERT_FALSE(closed.status());
  EXPECT_EQ(closed.status().error().kind(), ok::ErrorKind::closed);
}

// --- topics by a pattern, in both protocols

class PatternTest : public ReadingTest, public testing::WithParamInterface<ok::GroupProtocol> {
 protected:
  std::string create_named(const std::string& name) {
    ok::NewTopic topic;
    topic.name = name;
    topic.partitions = 1;
    topic.replication_factor = 1;
    EXPECT_TRUE(admin_.create_topics({topic}).get()->front().result);
    wait_for_topic(name);
    return name;
  }

  void read_until_assigned(ok::Consumer& consumer, size_t partitions) {
    const auto end = std::chrono::steady_clock::now() + seconds(90);
    while (consumer.assignment().size() != partitions && std::chrono::steady_clock::now() < end) {
      const auto batch = consumer.poll(milliseconds(50));
      ASSERT_TRUE(batch) << batch.error().to_string();
    }
    EXPECT_EQ(consumer.assignment().size(), partitions);
  }
};

TEST_P(PatternTest, BringsTopicsThatMatchAlsoLaterOnes) {
  const std::string prefix = fresh_name("pattern");
  const std::string first = create_named(prefix + "-a");
  create_named("not-" + prefix + "-a");
  auto client_options = ClientTest::client_options();
  client_options.metadata_max_age = seconds(1);
  ok::Client client(client_options);
  auto options = group_options(fresh_name("group"));
  options.protocol = GetParam();
  ok::Consumer consumer(client, options);
  ASSERT_TRUE(consumer.subscribe_pattern(prefix + "-.*"));
  read_until_assigned(consumer, 1);
  EXPECT_EQ(consumer.assignment(), (std::vector<ok::TopicPartition>{{first, 0}}));
  fill(create_named(prefix + "-b"), 5, 0);
  read_until_assigned(consumer, 2);
  fill(first, 5, 0);
  EXPECT_EQ(read(consumer, 10).size(), 10U);
  ASSERT_TRUE(consumer.close(seconds(10)).get());
}

TEST_P(PatternTest, IsRefusedWhenItIsNoExpression) {
  auto options = group_options(fresh_name("group"));
  options.protocol = GetParam();
  ok::Consumer consumer(*client_, options);
  EXPECT_FALSE(consumer.subscribe_pattern(""));
  auto refused = consumer.subscribe_pattern("orders-(");
  if (refused) {
    const auto failed = consumer.poll(seconds(30));
    ASSERT_FALSE(failed);
    refused = failed.error();
  }
  EXPECT_FALSE(refused.error().is_retriable()) << refused.error().to_string();
}

TEST_P(PatternTest, GivesWayToNames) {
  const std::string prefix = fresh_name("pattern");
  const std::string first = create_named(prefix + "-a");
  const std::string second = create_named(prefix + "-b");
  auto options = group_options(fresh_name("group"));
  options.protocol = GetParam();
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.subscribe_pattern(prefix + "-.*"));
  read_until_assigned(consumer, 2);
  ASSERT_TRUE(consumer.subscribe({second}));
  read_until_assigned(consumer, 1);
  EXPECT_EQ(consumer.assignment(), (std::vector<ok::TopicPartition>{{second, 0}}));
}

std::string protocol_name(const testing::TestParamInfo<ok::GroupProtocol>& info) {
  return info.param == ok::GroupProtocol::classic ? "Classic" : "Consumer";
}
INSTANTIATE_TEST_SUITE_P(Protocols, PatternTest,
                         testing::Values(ok::GroupProtocol::classic, ok::GroupProtocol::consumer),
                         protocol_name);

}  // namespace
}  // namespace odradek::compat
