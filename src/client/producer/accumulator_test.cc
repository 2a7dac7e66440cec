#include "client/producer/accumulator.h"

#include <gtest/gtest.h>

#include "wire/murmur2.h"

namespace odradek::client {
namespace {

using std::chrono::milliseconds;

class AccumulatorTest : public testing::Test {
 protected:
  static AccumulatorOptions small() {
    AccumulatorOptions options;
    options.batch_bytes = 400;
    options.buffer_bytes = 2000;
    options.linger = milliseconds(5);
    return options;
  }

  Result<bool> append(const kafka::Record& record) {
    kafka::DeliveryCallback report;
    return accumulator_.append(record, 1'700'000'000'000, now_, report);
  }
  Result<bool> append(std::string_view value, std::optional<int32_t> partition = {}) {
    kafka::Record record{.topic = "t", .value = value};
    record.partition = partition;
    return append(record);
  }
  std::vector<int32_t> ready(bool everything = false) {
    std::vector<PartitionQueue*> queues;
    next_ = accumulator_.list_ready(now_, everything, queues);
    std::vector<int32_t> partitions;
    for (const PartitionQueue* queue : queues) partitions.push_back(queue->partition);
    return partitions;
  }
  OpenBatchPtr take_from(int32_t partition) {
    std::vector<PartitionQueue*> queues;
    accumulator_.list_ready(now_, true, queues);
    for (PartitionQueue* queue : queues) {
      if (queue->partition == partition) return accumulator_.take(*queue);
    }
    return nullptr;
  }

  Accumulator accumulator_{small(), 1};
  MonotonicTime now_{std::chrono::hours(1)};
  std::optional<MonotonicTime> next_;
};

TEST_F(AccumulatorTest, HoldsABatchForItsLinger) {
  (void)accumulator_.set_partition_count("t", 1);
  EXPECT_TRUE(*append("a"));   // opens a batch: somebody must watch its linger
  EXPECT_FALSE(*append("b"));  // joins it
  EXPECT_TRUE(ready().empty());
  EXPECT_EQ(next_, now_ + milliseconds(5));
  now_ += milliseconds(5);
  EXPECT_EQ(ready(), std::vector<int32_t>{0});
  const OpenBatchPtr batch = take_from(0);
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->builder.record_count(), 2);
  EXPECT_EQ(batch->reports.size(), 2U);
  EXPECT_TRUE(ready(true).empty());
}

TEST_F(AccumulatorTest, ClosesAFullBatchAtOnce) {
  (void)accumulator_.set_partition_count("t", 1);
  const std::string value(150, 'x');
  EXPECT_TRUE(*append(value));
  EXPECT_FALSE(*append(value));
  EXPECT_TRUE(*append(value));
  EXPECT_EQ(ready(), std::vector<int32_t>{0});
  EXPECT_EQ(take_from(0)->builder.record_count(), 2);
  EXPECT_EQ(take_from(0)->builder.record_count(), 1);
}

TEST_F(AccumulatorTest, SendsEverythingForAFlush) {
  (void)accumulator_.set_partition_count("t", 2);
  ASSERT_TRUE(append("a", 0));
  ASSERT_TRUE(append("b", 1));
  EXPECT_EQ(ready(true), (std::vector<int32_t>{0, 1}));
}

TEST_F(AccumulatorTest, CountsWhatItHoldsUntilReleased) {
  (void)accumulator_.set_partition_count("t", 1);
  ASSERT_TRUE(append("a"));
  const uint64_t last = accumulator_.last_id();
  EXPECT_GT(accumulator_.used_bytes(), 0U);
  EXPECT_FALSE(accumulator_.is_done_up_to(last));
  const OpenBatchPtr batch = take_from(0);
  EXPECT_FALSE(accumulator_.is_done_up_to(last));
  accumulator_.release(batch->id, batch->charged_bytes);
  EXPECT_EQ(accumulator_.used_bytes(), 0U);
  EXPECT_TRUE(accumulator_.is_done_up_to(last));
}

TEST_F(AccumulatorTest, RefusesRecordsWhenFullAndOversizedOnes) {
  (void)accumulator_.set_partition_count("t", 1);
  const std::string value(300, 'x');
  int taken = 0;
  Result<bool> last = true;
  while ((last = append(value))) ++taken;
  EXPECT_EQ(last.error().code(), Errc::kPrecondition);
  EXPECT_EQ(taken, 5);
  EXPECT_LE(accumulator_.used_bytes(), 2000U);
  const std::string huge(500, 'x');
  EXPECT_EQ(append(huge).error().code(), Errc::kLimitExceeded);
}

TEST_F(AccumulatorTest, ChoosesPartitionsAsJavaDoes) {
  (void)accumulator_.set_partition_count("t", 5);
  for (int i = 0; i < 20; ++i) {
    const std::string key = "key" + std::to_string(i);
    ASSERT_TRUE(append(kafka::Record{.topic = "t", .key = key}));
    EXPECT_NE(take_from(wire::partition_for_key(as_bytes(std::string_view(key)), 5)), nullptr);
  }
}

TEST_F(AccumulatorTest, ChangesTheStickyPartitionWithEachBatch) {
  (void)accumulator_.set_partition_count("t", 4);
  int32_t before = -1;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(append("v"));
    const std::vector<int32_t> partitions = ready(true);
    ASSERT_EQ(partitions.size(), 1U);
    EXPECT_NE(partitions[0], before);
    before = partitions[0];
    EXPECT_NE(take_from(before), nullptr);
  }
}

TEST_F(AccumulatorTest, RefusesAPartitionThatIsNotThere) {
  (void)accumulator_.set_partition_count("t", 2);
  EXPECT_EQ(append("v", 2).error().code(), Errc::kInvalidArgument);
  EXPECT_EQ(append("v", -1).error().code(), Errc::kInvalidArgument);
}

TEST_F(AccumulatorTest, HoldsRecordsUntilThePartitionsAreKnown) {
  EXPECT_TRUE(*append("a"));
  EXPECT_FALSE(*append("b"));
  ASSERT_TRUE(append("c", 7));
  ASSERT_EQ(accumulator_.unknown_topics().size(), 1U);
  const uint64_t last = accumulator_.last_id();
  std::vector<UnroutedRecord> refused = accumulator_.set_partition_count("t", 1);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].value, "c");
  accumulator_.release(refused[0].id, refused[0].charged_bytes);
  EXPECT_FALSE(accumulator_.has_unrouted());
  // A flush asked for before the records were routed still waits for them.
  EXPECT_FALSE(accumulator_.is_done_up_to(last));
  const OpenBatchPtr batch = take_from(0);
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->builder.record_count(), 2);
  accumulator_.release(batch->id, batch->charged_bytes);
  EXPECT_TRUE(accumulator_.is_done_up_to(last));
  EXPECT_EQ(accumulator_.used_bytes(), 0U);
}

TEST_F(AccumulatorTest, GivesUpOldBatches) {
  (void)accumulator_.set_partition_count("t", 1);
  ASSERT_TRUE(append("old"));
  const MonotonicTime later = now_ + milliseconds(100);
  EXPECT_TRUE(accumulator_.take_expired(now_).empty());
  EXPECT_EQ(accumulator_.take_expired(later).size(), 1U);
  EXPECT_TRUE(ready(true).empty());
}

}  // namespace
}  // namespace odradek::client
