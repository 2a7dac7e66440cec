#include "client_fixture.h"

namespace odradek::compat {
namespace {

class TransactionTest : public ClientTest {
 protected:
  static ok::ProducerOptions transactional(std::string id) {
    ok::ProducerOptions options;
    options.transactional_id = std::move(id);
    return options;
  }

  static ok::Transaction begin(ok::Producer& producer) {
    auto begun = producer.begin().get();
    EXPECT_TRUE(begun) << begun.error().to_string();
    return *std::move(begun);
  }

  static void send(ok::Transaction& transaction, const std::string& topic, const std::string& value,
                   int32_t partition = 0) {
    const auto sent = transaction.send(
        {.topic = topic, .key = {}, .value = value, .headers = {}, .partition = partition}, {});
    EXPECT_TRUE(sent) << sent.error().to_string();
  }

  // What a reader of committed records sees of the topic up to its end.
  std::vector<std::string> committed_values(const std::string& topic, int32_t partitions = 1) {
    ok::ConsumerOptions options;
    options.start = ok::Start::earliest;
    options.isolation = ok::Isolation::read_committed;
    ok::Consumer consumer(*client_, options);
    std::vector<ok::TopicPartition> all;
    for (int32_t p = 0; p < partitions; ++p) all.push_back({topic, p});
    EXPECT_TRUE(consumer.assign(all));
    const auto ends = consumer.end_offsets(all).get();
    EXPECT_TRUE(ends);
    std::vector<std::string> values;
    const auto deadline = std::chrono::steady_clock::now() + seconds(30);
    const auto is_done = [&] {
      return std::ranges::all_of(*ends, [&](const ok::PartitionOffset& end) {
        return consumer.position(end.partition).get().value_or(0) >= end.offset;
      });
    };
    while (!is_done() && std::chrono::steady_clock::now() < deadline) {
      auto batch = consumer.next(milliseconds(100)).get();
      EXPECT_TRUE(batch);
      for (const ok::RecordView& record : *batch) values.emplace_back(record.value());
    }
    return values;
  }
};

TEST_F(TransactionTest, ShowsCommittedRecordsAndHidesAbortedOnes) {
  const std::string topic = create_topic(2);
  ok::Producer producer(*client_, transactional(fresh_name("id")));
  {
    ok::Transaction kept = begin(producer);
    send(kept, topic, "a", 0);
    send(kept, topic, "b", 1);
    const auto committed = kept.commit().get();
    ASSERT_TRUE(committed) << committed.error().to_string();
  }
  {
    ok::Transaction dropped = begin(producer);
    auto sent = dropped.send({.topic = topic, .value = "never", .partition = 0});
    ASSERT_TRUE(producer.flush(seconds(30)).get());
    EXPECT_TRUE(sent.get());
    const auto aborted = dropped.abort().get();
    ASSERT_TRUE(aborted) << aborted.error().to_string();
  }
  ok::Transaction last = begin(producer);
  send(last, topic, "c", 0);
  ASSERT_TRUE(last.commit().get());
  auto values = committed_values(topic, 2);
  std::ranges::sort(values);
  EXPECT_EQ(values, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(TransactionTest, KeepsOrderAndLosesNothingOverManyTransactions) {
  const std::string topic = create_topic(1);
  ok::Producer producer(*client_, transactional(fresh_name("id")));
  std::vector<std::string> expected;
  for (int i = 0; i < 50; ++i) {
    ok::Transaction transaction = begin(producer);
    const bool is_kept = i % 3 != 0;
    for (int k = 0; k < 20; ++k) {
      const std::string value = std::to_string(i) + "/" + std::to_string(k);
      send(transaction, topic, value);
      if (is_kept) expected.push_back(value);
    }
    const auto ended = is_kept ? transaction.commit().get() : transaction.abort().get();
    ASSERT_TRUE(ended) << i << ": " << ended.error().to_string();
  }
  EXPECT_EQ(committed_values(topic), expected);
}

TEST_F(TransactionTest, AbortsWhenTheProgramLetsGoOfIt) {
  const std::string topic = create_topic(1);
  ok::Producer producer(*client_, transactional(fresh_name("id")));
  {
    ok::Transaction forgotten = begin(producer);
    send(forgotten, topic, "lost");
    ASSERT_TRUE(producer.flush(seconds(30)).get());
  }
  ok::Transaction next = begin(producer);
  send(next, topic, "kept");
  ASSERT_TRUE(next.commit().get());
  EXPECT_EQ(committed_values(topic), std::vector<std::string>{"kept"});
}

TEST_F(TransactionTest, TakesRecordsOnlyWhileOneIsOpen) {
  const std::string topic = create_topic(1);
  ok::Producer producer(*client_, transactional(fresh_name("id")));
  const auto before = producer.send({.topic = topic, .value = "early"}).get();
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().kind(), ok::ErrorKind::state);
  ok::Transaction transaction = begin(producer);
  const auto second = producer.begin().get();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), ok::ErrorKind::state);
  ASSERT_TRUE(transaction.commit().get());  // an empty one
  const auto after = transaction.send({.topic = topic, .value = "late"}).get();
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().kind(), ok::ErrorKind::state);
  EXPECT_FALSE(transaction.commit().get());
}

TEST_F(TransactionTest, NeedsAnId) {
  ok::Producer producer(*client_, {});
  const auto begun = producer.begin().get();
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().kind(), ok::ErrorKind::state);
  ok::ProducerOptions options = transactional("id");
  options.acks = ok::Acks::leader;
  EXPECT_THROW(ok::Producer(*client_, options), ok::ConfigError);
}

TEST_F(TransactionTest, IsFencedByANewerProducerOfTheSameId) {
  const std::string topic = create_topic(1);
  const std::string id = fresh_name("id");
  ok::Producer older(*client_, transactional(id));
  ok::Transaction lost = begin(older);
  send(lost, topic, "lost");
  ASSERT_TRUE(older.flush(seconds(30)).get());
  ok::Producer newer(*client_, transactional(id));
  ok::Transaction kept = begin(newer);
  send(kept, topic, "kept");
  const auto refused = lost.commit().get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ok::ErrorKind::fenced);
  EXPECT_TRUE(refused.error().is_fatal());
  ASSERT_TRUE(kept.commit().get());
  EXPECT_EQ(committed_values(topic), std::vector<std::string>{"kept"});
  const auto again = older.begin().get();
  ASSERT_FALSE(again);
  EXPECT_TRUE(again.error().is_fatal());
}

TEST_F(TransactionTest, HasToBeAbortedWhenARecordFails) {
  const std::string topic = create_topic(1, {{"max.message.bytes", "2000"}});
  ok::Producer producer(*client_, transactional(fresh_name("id")));
  {
    ok::Transaction failing = begin(producer);
    send(failing, topic, "small");
    send(failing, topic, std::string(5'000, 'x'));
    const auto committed = failing.commit().get();
    ASSERT_FALSE(committed);
    EXPECT_TRUE(committed.error().is_abortable()) << committed.error().to_string();
    EXPECT_FALSE(committed.error().is_fatal());
    const auto aborted = failing.abort().get();
    ASSERT_TRUE(aborted) << aborted.error().to_string();
  }
  ok::Transaction next = begin(producer);
  send(next, topic, "kept");
  const auto committed = next.commit().get();
  ASSERT_TRUE(committed) << committed.error().to_string();
  EXPECT_EQ(committed_values(topic), std::vector<std::string>{"kept"});
}

TEST_F(TransactionTest, CommitsPositionsWithTheRecords) {
  const std::string input = create_topic(1);
  const std::string output = create_topic(1);
  fill(input, 100, 0);
  const std::string group = fresh_name("group");
  auto options = group_options(group);
  options.auto_commit = false;
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.subscribe({input}));
  ASSERT_EQ(read(consumer, 100).size(), 100U);

  ok::Producer producer(*client_, transactional(fresh_name("id")));
  {
    ok::Transaction dropped = begin(producer);
    send(dropped, output, "x");
    const auto offsets =
        dropped.send_offsets(consumer.positions(), consumer.group_metadata()).get();
    ASSERT_TRUE(offsets) << offsets.error().to_string();
    ASSERT_TRUE(dropped.abort().get());
  }
  EXPECT_FALSE((*consumer.committed({{input, 0}}).get())[0].committed);
  ok::Transaction kept = begin(producer);
  send(kept, output, "y");
  ASSERT_TRUE(kept.send_offsets(consumer.positions(), consumer.group_metadata()).get());
  ASSERT_TRUE(kept.commit().get());
  const auto committed = consumer.committed({{input, 0}}).get();
  ASSERT_TRUE(committed);
  ASSERT_TRUE((*committed)[0].committed);
  EXPECT_EQ((*committed)[0].committed->offset, 100);
  EXPECT_EQ(committed_values(output), std::vector<std::string>{"y"});
}

TEST_F(TransactionTest, RefusesThePositionsOfAMemberThatIsNone) {
  const std::string topic = create_topic(1);
  fill(topic, 10, 0);
  const std::string group = fresh_name("group");
  auto options = group_options(group);
  options.auto_commit = false;
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.subscribe({topic}));
  ASSERT_EQ(read(consumer, 10).size(), 10U);

  ok::Producer producer(*client_, transactional(fresh_name("id")));
  ok::Transaction transaction = begin(producer);
  ok::GroupMetadata stranger = consumer.group_metadata();
  stranger.member_id = "stranger";
  const auto offsets = transaction.send_offsets(consumer.positions(), stranger).get();
  ASSERT_FALSE(offsets);
  EXPECT_TRUE(offsets.error().is_abortable()) << offsets.error().to_string();
  EXPECT_TRUE(transaction.abort().get());
}

TEST_F(TransactionTest, EndsWhenItsProducerOrClientIsDestroyed) {
  const std::string topic = create_topic(1);
  auto client = std::make_unique<ok::Client>(client_options());
  auto producer = std::make_unique<ok::Producer>(*client, transactional(fresh_name("id")));
  ok::Transaction transaction = begin(*producer);
  send(transaction, topic, "x");
  auto committing = transaction.commit();
  producer.reset();
  (void)committing.get(seconds(30));
  client.reset();
  EXPECT_FALSE(transaction.abort().get());
}

}  // namespace
}  // namespace odradek::compat
