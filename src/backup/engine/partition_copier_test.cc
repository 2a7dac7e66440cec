#include "backup/engine/partition_copier.h"

#include <gtest/gtest.h>

#include "backup/engine/fake_source_for_tests.h"
#include "backup/format/segment_reader.h"
#include "store/memory_store.h"
#include "wire/control_record.h"

namespace odradek::backup {
namespace {

// Fails as often as it is told to.
class FlakyStore final : public store::ObjectStore {
 public:
  explicit FlakyStore(store::ObjectStore& inner) : inner_(&inner) {}

  Result<std::unique_ptr<store::ObjectWriter>> open_writer(
      const std::string& key, const std::optional<store::WriterOptions>& options) override {
    if (open_failures > 0) {
      --open_failures;
      return Error(Errc::kIo, "503 slow down");
    }
    return inner_->open_writer(key, options);
  }
  Result<store::ObjectInfo> put_if_absent(const std::string& k, Bytes c) override {
    return inner_->put_if_absent(k, c);
  }
  Result<store::ObjectInfo> put_if_match(const std::string& k, Bytes c,
                                         const std::string& e) override {
    return inner_->put_if_match(k, c, e);
  }
  Result<store::ObjectInfo> put(const std::string& k, Bytes c) override {
    return inner_->put(k, c);
  }
  Result<Slice> get(const std::string& k) override { return inner_->get(k); }
  Result<Slice> get_range(const std::string& k, uint64_t o, uint64_t l) override {
    return inner_->get_range(k, o, l);
  }
  Result<Slice> get_suffix(const std::string& k, uint64_t l) override {
    return inner_->get_suffix(k, l);
  }
  Result<store::ObjectInfo> head(const std::string& k) override { return inner_->head(k); }
  Result<std::vector<store::ObjectInfo>> list(const std::string& p) override {
    return inner_->list(p);
  }
  Result<void> remove(const std::string& k) override { return inner_->remove(k); }
  std::string describe() const override { return "flaky"; }

  int open_failures = 0;

 private:
  store::ObjectStore* inner_;
};

class PartitionCopierTest : public testing::Test {
 protected:
  PartitionCopierTest() {
    plan_.source = {"orders", Uuid::random(), 0};
    options_.segment_hold_bytes = 1 << 20;
    options_.fetch.max_bytes = 1 << 16;
  }

  static RetryOptions fast_retries() {
    RetryOptions options;
    options.backoff_min = options.backoff_max = std::chrono::milliseconds(1);
    options.breaker_failures = 3;
    options.breaker_pause = std::chrono::milliseconds(1);
    options.deadline = std::chrono::seconds(20);
    return options;
  }

  Result<CopyEnd> copy() {
    plan_.target = target_.value_or(source_.log_end);
    const CopyShared shared{&source_, &store_,    &workers_,    &keys_,        &clock_,
                            &budget_, &breakers_, &bytes_rate_, &records_rate_};
    PartitionCopier copier(shared, plan_, options_);
    Result<CopyEnd> end = loop_.block_on(copier.run());
    change_ = copier.take_change().value_or(PartitionChange{});
    counters_ = copier.counters();
    return end;
  }

  // Base offsets of the batches that were archived.
  std::vector<int64_t> archived() {
    std::vector<int64_t> bases;
    for (const SegmentRef& segment : change_.segments) {
      const auto reader = SegmentReader::open(store_, segment.key);
      EXPECT_TRUE(reader) << reader.error().to_string();
      EXPECT_TRUE((*reader)->verify());
      for (const BatchEntry& batch : (*reader)->index().batches) bases.push_back(batch.base_offset);
    }
    return bases;
  }

  SystemClock clock_;
  io::Loop loop_{clock_};
  io::WorkerPool workers_{loop_, 1};
  FakeSource source_{loop_};
  store::MemoryStore memory_;
  FlakyStore store_{memory_};
  ArchiveKeys keys_{"set"};
  ByteBudget budget_{loop_, 64 << 20};
  Breakers breakers_{fast_retries()};
  RateLimit bytes_rate_;
  RateLimit records_rate_;
  CopyPlan plan_;
  CopyOptions options_;
  std::optional<int64_t> target_;
  PartitionChange change_;
  CopyCounters counters_;
};

TEST_F(PartitionCopierTest, CopiesToExactlyTheTarget) {
  source_.append({1, 2});
  source_.append({3});
  source_.append({4, 5, 6});
  target_ = 3;
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(archived(), (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(change_.covered_through, 2);
  EXPECT_EQ(change_.last_batch.offset, 2);
  EXPECT_EQ(counters_.records, 3U);
  EXPECT_EQ(budget_.used_bytes(), 0U);
}

TEST_F(PartitionCopierTest, SegmentTimesAreThoseOfItsExtremesNotOfItsEnds) {
  source_.append({500, 900, 600});
  source_.append({700, 100, 650});
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(change_.segments.at(0).min_timestamp, 100);
  EXPECT_EQ(change_.segments.at(0).max_timestamp, 900);
}

TEST_F(PartitionCopierTest, ReadsACorruptBatchAgainFromTheOtherReplicas) {
  source_.append({1, 2});
  const int64_t bad = source_.append({3, 4});
  source_.append({5});
  source_.replica_ids = {1, 2, 3};
  source_.damage(bad, 1);
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(archived(), (std::vector<int64_t>{0, 2, 4}));
  EXPECT_TRUE(change_.gaps.empty());
  EXPECT_EQ(source_.asked.back().replica, 2);
}

TEST_F(PartitionCopierTest, ABatchNoReplicaHasWholeIsAnErrorThatNamesPartitionAndOffset) {
  source_.append({1, 2});
  source_.damage(source_.append({3, 4}));
  source_.append({5});
  source_.replica_ids = {1, 2};
  const Result<CopyEnd> end = copy();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), Errc::kChecksum);
  EXPECT_NE(end.error().message().find("orders-0 at offset 2"), std::string_view::npos)
      << end.error().to_string();
  // What lies before it is not lost.
  EXPECT_EQ(change_.covered_through, 1);
}

TEST_F(PartitionCopierTest, SkipCorruptMakesTheBatchAGap) {
  source_.append({1, 2});
  source_.damage(source_.append({3, 4}));
  source_.append({5});
  options_.skip_corrupt = true;
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(archived(), (std::vector<int64_t>{0, 4}));
  ASSERT_EQ(change_.gaps.size(), 1U);
  EXPECT_EQ(change_.gaps[0].start, 2);
  EXPECT_EQ(change_.gaps[0].end, 3);
  EXPECT_EQ(change_.gaps[0].reason, GapReason::kCorruptAtSource);
}

TEST_F(PartitionCopierTest, SeveralCorruptBatchesAreSeveralGaps) {
  for (int i = 0; i < 6; ++i) {
    const int64_t base = source_.append({1, 2});
    if (i % 2 == 1) source_.damage(base);
  }
  options_.skip_corrupt = true;
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(change_.gaps.size(), 3U);
  EXPECT_EQ(archived(), (std::vector<int64_t>{0, 4, 8}));
  EXPECT_EQ(change_.covered_through, 11);
}

TEST_F(PartitionCopierTest, AStoreThatFailsForAWhileLosesNothing) {
  for (int i = 0; i < 10; ++i) source_.append({1, 2, 3});
  options_.segment_records = 6;
  store_.open_failures = 7;
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(archived().size(), 10U);
  EXPECT_EQ(change_.covered_through, 29);
  EXPECT_EQ(counters_.records, 30U);
  EXPECT_EQ(counters_.errors, 7U);
}

TEST_F(PartitionCopierTest, ABrokerThatFailsForAWhileLosesNothing) {
  for (int i = 0; i < 4; ++i) source_.append({1, 2, 3});
  for (int i = 0; i < 5; ++i) source_.answers.push_back(Error(Errc::kNetwork, "reset"));
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(archived(), (std::vector<int64_t>{0, 3, 6, 9}));
}

TEST_F(PartitionCopierTest, AnEmptyThrottledAnswerIsNotTheEnd) {
  source_.append({1, 2, 3});
  for (int i = 0; i < 10; ++i) {
    FetchedBatches empty;
    empty.high_watermark = empty.last_stable_offset = source_.log_end;
    empty.is_throttled = true;
    source_.answers.push_back(empty);
  }
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(archived(), (std::vector<int64_t>{0}));
}

TEST_F(PartitionCopierTest, AnEndThatWasCompactedAwayIsCovered) {
  source_.append({1, 2});
  source_.log_end = 10;
  source_.batches_per_fetch = 1;
  source_.batches.push_back({10, ""});  // nothing is stored from offset 2 on
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(change_.covered_through, 9);
  EXPECT_EQ(change_.segments.size(), 1U);
}

TEST_F(PartitionCopierTest, RetentionThatOvertakesTheCopyIsAGap) {
  for (int i = 0; i < 10; ++i) source_.append({1});
  source_.batches_per_fetch = 1;
  source_.on_fetch = [this](int64_t offset) {
    if (offset == 3) source_.log_start = 7;
  };
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(archived(), (std::vector<int64_t>{0, 1, 2, 7, 8, 9}));
  ASSERT_EQ(change_.gaps.size(), 1U);
  EXPECT_EQ(change_.gaps[0], (Gap{3, 6, GapReason::kRetention, change_.gaps[0].at}));
}

TEST_F(PartitionCopierTest, ALogThatLostItsEndIsAnotherLog) {
  for (int i = 0; i < 10; ++i) source_.append({1});
  source_.batches_per_fetch = 1;
  target_ = 10;
  source_.on_fetch = [this](int64_t offset) {
    if (offset == 6) source_.log_end = 4;
  };
  EXPECT_EQ(*copy(), CopyEnd::kSourceChanged);
  EXPECT_EQ(change_.covered_through, 5);
}

TEST_F(PartitionCopierTest, ATopicThatWasDeletedIsAnotherLog) {
  source_.append({1});
  source_.answers.push_back(proto::to_error(proto::ErrorCode::kUnknownTopicId, "fetch"));
  EXPECT_EQ(*copy(), CopyEnd::kSourceChanged);
}

TEST_F(PartitionCopierTest, PreferredReplicaIsReadFrom) {
  source_.append({1, 2});
  FetchedBatches redirect;
  redirect.preferred_replica = 7;
  redirect.high_watermark = redirect.last_stable_offset = 2;
  source_.answers.push_back(redirect);
  options_.fetch.rack = "here";
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(source_.asked.back().replica, 7);
}

wire::BatchOptions transactional(int64_t producer_id) {
  return {
      .transactional = true, .producer_id = producer_id, .producer_epoch = 0, .base_sequence = 0};
}

std::string marker(int64_t offset, int64_t producer_id, bool committed) {
  return std::string(wire::make_end_txn_batch({.marker = {committed, 0},
                                               .producer_id = producer_id,
                                               .producer_epoch = 0,
                                               .timestamp_ms = 1,
                                               .base_offset = offset})
                         .text());
}

TEST_F(PartitionCopierTest, ReadUncommittedKeepsEverythingAndSaysWhatWasAborted) {
  options_.fetch.isolation = IsolationLevel::kReadUncommitted;
  source_.append({1, 2}, transactional(5));
  source_.append({3}, transactional(6));
  source_.append_bytes(marker(source_.log_end, 5, false), 1);
  source_.append_bytes(marker(source_.log_end, 6, true), 1);
  source_.append({4}, transactional(7));
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(archived(), (std::vector<int64_t>{0, 2, 3, 4, 5}));
  EXPECT_EQ(change_.aborted, (std::vector<OffsetRange>{{0, 1}}));
  EXPECT_EQ(change_.open, (std::vector<OpenRange>{{7, 5, 5}}));

  // The next run knows what was open.
  plan_.start = 6;
  plan_.open = change_.open;
  source_.append_bytes(marker(source_.log_end, 7, false), 1);
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(change_.aborted, (std::vector<OffsetRange>{{5, 5}}));
  EXPECT_TRUE(change_.open.empty());
}

TEST_F(PartitionCopierTest, ReadCommittedLeavesAbortedDataOut) {
  source_.append({1, 2}, transactional(5));
  source_.append({3});
  source_.append_bytes(marker(source_.log_end, 5, false), 1);
  source_.aborted = {{5, 0}};
  ASSERT_EQ(*copy(), CopyEnd::kComplete);
  EXPECT_EQ(archived(), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(change_.aborted, (std::vector<OffsetRange>{{0, 1}}));
}

TEST_F(PartitionCopierTest, KeepsToItsBudget) {
  ByteBudget small(loop_, 3 << 20);
  uint64_t most = 0;
  for (int i = 0; i < 50; ++i) source_.append(std::vector<TimestampMs>(1000, 1));
  source_.on_fetch = [&](int64_t) { most = std::max(most, small.used_bytes()); };
  plan_.target = source_.log_end;
  const CopyShared shared{&source_, &store_,    &workers_,    &keys_,        &clock_,
                          &small,   &breakers_, &bytes_rate_, &records_rate_};
  PartitionCopier copier(shared, plan_, options_);
  ASSERT_TRUE(loop_.block_on(copier.run()));
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, small.bytes_max());
  EXPECT_EQ(small.used_bytes(), 0U);
}

}  // namespace
}  // namespace odradek::backup
