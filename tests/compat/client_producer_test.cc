#include <thread>

#include "client_fixture.h"
#include "wire/murmur2.h"

namespace odradek::compat {
namespace {

class ProducerTest : public ClientTest {
 protected:
  std::vector<std::string> values_of(const std::string& topic, size_t count) {
    ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
    EXPECT_TRUE(consumer.assign({{topic, 0}}));
    std::vector<std::string> values;
    for (const Seen& seen : read(consumer, count)) values.push_back(seen.value);
    return values;
  }
};

TEST_F(ProducerTest, ReportsTheOffsetOfEachRecord) {
  const std::string topic = create_topic(1);
  ok::Producer producer(*client_, {});
  for (int64_t i = 0; i < 5; ++i) {
    const auto sent = producer.send({.topic = topic, .value = "v"}).get();
    ASSERT_TRUE(sent) << sent.error().to_string();
    EXPECT_EQ(sent->offset, i);
    EXPECT_EQ(sent->partition, 0);
  }
}

TEST_F(ProducerTest, SpreadsKeysAsJavaDoes) {
  const std::string topic = create_topic(7);
  ok::Producer producer(*client_, {});
  std::vector<std::pair<int32_t, ok::Op<ok::RecordMetadata>>> sent;
  for (int i = 0; i < 200; ++i) {
    const std::string key = "key-" + std::to_string(i * 31);
    const int32_t expected = wire::partition_for_key(as_bytes(std::string_view(key)), 7);
    sent.emplace_back(expected, producer.send({.topic = topic, .key = key, .value = "v"}));
  }
  for (auto& [expected, op] : sent) {
    const auto done = op.get();
    ASSERT_TRUE(done);
    EXPECT_EQ(done->partition, expected);
  }
}

TEST_F(ProducerTest, TakesAnExplicitPartitionAndRefusesOneThatIsNot) {
  const std::string topic = create_topic(3);
  ok::Producer producer(*client_, {});
  ok::Record record{.topic = topic, .key = "k", .value = "v"};
  record.partition = 2;
  EXPECT_EQ(producer.send(record).get()->partition, 2);
  record.partition = 3;
  const auto refused = producer.send(record).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ok::ErrorKind::invalid_argument);
}

TEST_F(ProducerTest, FillsOneBatchAtATimeWithoutKeys) {
  const std::string topic = create_topic(8);
  ok::Producer producer(*client_, {.linger = milliseconds(200)});
  EXPECT_TRUE(producer.send({.topic = topic, .value = "warm-up"}).get());
  std::vector<ok::Op<ok::RecordMetadata>> sent;
  for (int i = 0; i < 50; ++i) sent.push_back(producer.send({.topic = topic, .value = "v"}));
  EXPECT_TRUE(producer.flush(seconds(10)).get());
  std::set<int32_t> partitions;
  for (auto& op : sent) partitions.insert(op.get()->partition);
  EXPECT_EQ(partitions.size(), 1U);
}

TEST_F(ProducerTest, KeepsHeadersTombstonesEmptyValuesAndTimestamps) {
  const std::string topic = create_topic(1);
  ok::Producer producer(*client_, {});
  const ok::Header headers[] = {{"a", "1"}, {"none", std::nullopt}, {"a", ""}};
  ok::Record record{.topic = topic, .key = "k", .value = "v"};
  record.headers = headers;
  record.timestamp_ms = 1'600'000'000'123;
  ASSERT_TRUE(producer.send(record).get());
  ASSERT_TRUE(producer.send({.topic = topic, .key = "gone"}).get());
  ASSERT_TRUE(producer.send({.topic = topic, .value = ""}).get());

  ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  auto batch = consumer.next(seconds(10)).get();
  ASSERT_TRUE(batch);
  ASSERT_GE(batch->size(), 1U);
  const ok::RecordView& first = (*batch)[0];
  EXPECT_EQ(first.key(), "k");
  EXPECT_EQ(first.timestamp_ms(), 1'600'000'000'123);
  ASSERT_EQ(first.headers().size(), 3);
  EXPECT_EQ(first.headers().last("a")->value, "");
  EXPECT_FALSE(first.headers().last("none")->value.has_value());
  std::vector<std::tuple<bool, bool, std::string>> rest;
  size_t at = 1;
  while (rest.size() < 2) {
    for (; at < batch->size(); ++at) {
      const ok::RecordView& record_view = (*batch)[at];
      rest.emplace_back(record_view.has_key(), record_view.is_tombstone(),
                        std::string(record_view.value()));
    }
    if (rest.size() < 2) batch = consumer.next(seconds(10)).get();
    at = 0;
    ASSERT_TRUE(batch);
  }
  EXPECT_EQ(rest[0], std::tuple(true, true, std::string()));
  EXPECT_EQ(rest[1], std::tuple(false, false, std::string()));
}

TEST_F(ProducerTest, CompressesWithEachCodec) {
  for (const ok::Compression& compression :
       {ok::Compression{}, ok::Gzip(9), ok::Snappy(), ok::Lz4(), ok::Zstd(5)}) {
    const std::string topic = create_topic(1);
    ok::Producer producer(*client_, {.compression = compression});
    std::vector<std::string> expected;
    for (int i = 0; i < 500; ++i) {
      expected.push_back("value number " + std::to_string(i) + " of many that are much alike");
      const ok::Record record{.topic = topic, .value = expected.back()};
      ASSERT_TRUE(producer.send(record, nullptr));
    }
    ASSERT_TRUE(producer.close(seconds(30)).get());
    EXPECT_EQ(values_of(topic, 500), expected);
  }
}

TEST_F(ProducerTest, WorksWithEveryAcks) {
  for (const ok::Acks acks : {ok::Acks::none, ok::Acks::leader, ok::Acks::all}) {
    const std::string topic = create_topic(1);
    ok::Producer producer(*client_, {.acks = acks});
    const auto sent = producer.send({.topic = topic, .value = "v"}).get();
    ASSERT_TRUE(sent) << sent.error().to_string();
    EXPECT_EQ(sent->offset, acks == ok::Acks::none ? -1 : 0);
    EXPECT_EQ(values_of(topic, 1), std::vector<std::string>{"v"});
  }
}

TEST_F(ProducerTest, KeepsTheOrderOfOnePartition) {
  const std::string topic = create_topic(1);
  ok::Producer producer(*client_, {.linger = milliseconds(0), .batch_bytes = 300});
  std::vector<std::string> expected;
  for (int i = 0; i < 3000; ++i) {
    expected.push_back(std::to_string(i));
    ASSERT_TRUE(producer.send({.topic = topic, .value = expected.back()}, nullptr));
  }
  ASSERT_TRUE(producer.flush(seconds(30)).get());
  EXPECT_EQ(producer.buffered_bytes(), 0U);
  EXPECT_EQ(values_of(topic, 3000), expected);
}

TEST_F(ProducerTest, TakesRecordsFromManyThreads) {
  const std::string topic = create_topic(4);
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  std::atomic<int> delivered = 0;
  {
    ok::Producer producer(*client_, {.batch_bytes = 20'000, .buffer_bytes = 1'000'000});
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&producer, &topic, &delivered, t] {
        for (int i = 0; i < kEach; ++i) {
          const std::string value = std::to_string(t) + ":" + std::to_string(i) + " padding";
          const auto sent = producer.send({.topic = topic, .key = value, .value = value},
                                          [&delivered](const ok::Result<ok::RecordMetadata>& r) {
                                            if (r) ++delivered;
                                          });
          ASSERT_TRUE(sent) << sent.error().to_string();
        }
      });
    }
    threads.clear();
    ASSERT_TRUE(producer.close(seconds(30)).get());
  }
  EXPECT_EQ(delivered, kThreads * kEach);
}

TEST_F(ProducerTest, FailsARecordForATopicThatDoesNotExist) {
  ok::Producer producer(*client_, {.block_max = milliseconds(300)});
  const auto sent = producer.send({.topic = fresh_name("nowhere"), .value = "v"}).get();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), ok::ServerCode::unknown_topic_or_partition);
}

TEST_F(ProducerTest, RefusesARecordLargerThanABatch) {
  const std::string topic = create_topic(1);
  ok::Producer producer(*client_, {.batch_bytes = 1000});
  ASSERT_TRUE(producer.send({.topic = topic, .value = "v"}).get());
  const std::string large(2000, 'x');
  const auto sent = producer.send({.topic = topic, .value = large}).get();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind(), ok::ErrorKind::record_too_large);
}

TEST_F(ProducerTest, ReportsABatchTheTopicDoesNotTake) {
  const std::string topic = create_topic(1, {{"max.message.bytes", "2000"}});
  ok::Producer producer(*client_, {});
  const std::string large(5000, 'x');
  const auto refused = producer.send({.topic = topic, .value = large}).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ok::ServerCode::message_too_large);
  // The gap in the sequence is closed: the next record arrives.
  const auto sent = producer.send({.topic = topic, .value = "small"}).get();
  ASSERT_TRUE(sent) << sent.error().to_string();
  EXPECT_EQ(sent->offset, 0);
}

TEST_F(ProducerTest, SplitsABatchThatIsTooLargeForTheTopic) {
  const std::string topic = create_topic(1, {{"max.message.bytes", "2000"}});
  ok::Producer producer(*client_, {.linger = milliseconds(100)});
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(std::string(100, 'x') + std::to_string(i));
    ASSERT_TRUE(producer.send({.topic = topic, .value = expected.back()},
                              [](const ok::Result<ok::RecordMetadata>& done) {
                                EXPECT_TRUE(done) << done.error().to_string();
                              }));
  }
  ASSERT_TRUE(producer.flush(seconds(30)).get());
  EXPECT_EQ(producer.buffered_bytes(), 0U);
  EXPECT_EQ(values_of(topic, 100), expected);
}

TEST_F(ProducerTest, SaysThatTheBufferIsFullWhenItMayNotBlock) {
  const std::string topic = create_topic(1);
  ok::Producer producer(*client_, {.linger = seconds(20),
                                   .batch_bytes = 1000,
                                   .buffer_bytes = 1000,
                                   .block_max = milliseconds(0)});
  ASSERT_TRUE(producer.flush(seconds(5)).get());
  const std::string half(600, 'x');
  ASSERT_TRUE(producer.send({.topic = topic, .value = half}, nullptr));
  const auto full = producer.send({.topic = topic, .value = half}, nullptr);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind(), ok::ErrorKind::buffer_full);
  auto room = producer.room();
  ASSERT_TRUE(producer.flush(seconds(10)).get());
  EXPECT_TRUE(room.get(seconds(5)));
  EXPECT_TRUE(producer.send({.topic = topic, .value = half}, nullptr));
}

TEST_F(ProducerTest, ReportsEveryRecordWhenItIsDestroyedWithRecordsUnsent) {
  const std::string topic = create_topic(1);
  std::atomic<int> reported = 0;
  std::atomic<int> closed = 0;
  {
    ok::Producer producer(*client_, {.linger = seconds(20)});
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(producer.send({.topic = topic, .value = "v"},
                                [&](const ok::Result<ok::RecordMetadata>& done) {
                                  ++reported;
                                  if (!done && done.error().kind() == ok::ErrorKind::closed) {
                                    ++closed;
                                  }
                                }));
    }
  }
  EXPECT_EQ(reported, 100);
  EXPECT_EQ(closed, 100);
}

TEST_F(ProducerTest, OutlivesItsClientSafely) {
  const std::string topic = create_topic(1);
  auto client = std::make_unique<ok::Client>(client_options());
  ok::Producer producer(*client, {.linger = seconds(20)});
  auto waiting = producer.send({.topic = topic, .value = "v"});
  client.reset();
  const auto failed = waiting.get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind(), ok::ErrorKind::closed);
  EXPECT_FALSE(producer.send({.topic = topic, .value = "v"}).get());
  EXPECT_TRUE(producer.flush(seconds(1)).get());  // nothing is left to wait for
}

TEST_F(ProducerTest, MayBeDestroyedByItsOwnCallback) {
  const std::string topic = create_topic(1);
  auto producer = std::make_unique<ok::Producer>(*client_, ok::ProducerOptions{});
  std::atomic<bool> is_done = false;
  ASSERT_TRUE(
      producer->send({.topic = topic, .value = "v"}, [&](const ok::Result<ok::RecordMetadata>&) {
        producer.reset();
        is_done = true;
      }));
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (!is_done && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_TRUE(is_done);
}

TEST_F(ProducerTest, RefusesOptionsThatCannotWork) {
  EXPECT_THROW(ok::Producer(*client_, {.acks = ok::Acks::leader, .idempotent = true}),
               ok::ConfigError);
  const auto failed = ok::Producer::create(*client_, {.in_flight_max = 6});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message().find("in_flight_max"), std::string::npos);
}

}  // namespace
}  // namespace odradek::compat
