#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "log/compaction.h"
#include "log/disk/memory_file_system_for_tests.h"
#include "log/disk/partition_files.h"
#include "log/memory_store.h"
#include "wire/batch_builder.h"
#include "wire/record_iterator.h"

// Compaction, over both engines.
namespace odradek::log {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

LogConfig compacted_config() {
  LogConfig config;
  config.compact = true;
  config.delete_old = false;
  config.dirty_ratio_min = 0;
  config.delete_retention_ms = 1000;
  return config;
}

struct InMemory {
  static constexpr bool kOnDisk = false;
  PartitionLog log{std::make_unique<MemoryStore>(ChunkPool::create()), compacted_config()};
};

struct OnDisk {
  static constexpr bool kOnDisk = true;
  MemoryFileSystem files;
  FileCache cache{files, 3};
  DiskRecovery recovery;
  PartitionLog log = open(false);

  PartitionLog open(bool clean) {
    DiskState state;
    state.clean = clean;
    return *open_partition(cache, "t-0", compacted_config(), state, 0, kNow, recovery);
  }
};

struct Seen {
  int64_t offset;
  std::string key;
  std::string value;  // "-": a tombstone, "!": a marker
  bool operator==(const Seen&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << seen.offset << " " << seen.key << "=" << seen.value;
}

template <class Engine>
class CompactionTest : public testing::Test {
 protected:
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  AppendOutcome send(const Pairs& pairs, wire::BatchOptions options = {},
                     TxnProof proof = TxnProof::kVerified) {
    wire::BatchBuilder builder(options);
    for (const auto& [key, value] : pairs) {
      wire::NewRecord record;
      record.timestamp_ms = now_;
      record.key = as_bytes(key);
      if (value != "-") record.value = as_bytes(value);
      EXPECT_TRUE(builder.append(record));
    }
    const Slice batch = *builder.finish(scratch_.compressor);
    AppendOutcome outcome = log().append(batch.bytes(), now_, scratch_, proof);
    EXPECT_TRUE(outcome.error.ok()) << outcome.error.message;
    return outcome;
  }
  void mark(int64_t producer, bool committed) {
    EXPECT_TRUE(log().append_marker({producer, 0, {committed, 0}, 0}, now_).error.ok());
  }
  static wire::BatchOptions of_producer(int64_t id, int32_t sequence, bool transactional) {
    wire::BatchOptions options;
    options.producer_id = id;
    options.producer_epoch = 0;
    options.base_sequence = sequence;
    options.transactional = transactional;
    return options;
  }
  void roll() { ASSERT_TRUE(log().store().roll(now_)); }

  std::optional<CompactionPlan> plan() {
    return plan_compaction(log(), log().compacted_until(), now_);
  }
  Result<void> try_compact(CompactionLimits limits = {}) {
    const std::optional<CompactionPlan> what = plan();
    if (!what) return Error(Errc::kPrecondition, "nothing to do");
    Compaction compaction(log(), *what, limits, now_);
    while (true) {
      ODK_TRY(const Compaction::Next next, compaction.step(100, scratch_));
      if (next == Compaction::Next::kDone) break;
      if (next == Compaction::Next::kSync) ODK_TRY_VOID(compaction.sync_work()());
    }
    log().set_compacted_until(compaction.compacted_until());
    return {};
  }
  void compact(CompactionLimits limits = {}) {
    const Result<void> done = try_compact(limits);
    ASSERT_TRUE(done) << done.error().to_string();
  }

  template <class Visit>
  void for_each_batch(Visit visit) {
    std::vector<Slice> slices;
    log().read({log().start_offset(), size_t{1} << 30U, true, log().end_offset()}, slices);
    for (const Slice& slice : slices) {
      ASSERT_TRUE(wire::for_each_batch(slice.bytes(), visit));
    }
  }
  std::vector<Seen> records() {
    std::vector<Seen> seen;
    for_each_batch([&](const wire::BatchView& batch) {
      EXPECT_TRUE(batch.verify_crc());
      Buffer scratch;
      const Bytes bytes = *wire::records_of(batch, scratch_.unpacker.decompressor, scratch);
      wire::RecordCursor cursor(batch, bytes);
      while (const wire::RecordView* record = cursor.next()) {
        std::string value = is_null(record->value) ? "-" : std::string(as_text(record->value));
        if (batch.is_control()) value = "!";
        seen.push_back(
            {record->offset, batch.is_control() ? "" : std::string(as_text(record->key)), value});
      }
      EXPECT_TRUE(cursor.status());
    });
    return seen;
  }
  size_t batches() {
    size_t count = 0;
    for_each_batch([&](const wire::BatchView&) { ++count; });
    return count;
  }

  PartitionLog& log() { return engine_.log; }

  Engine engine_;
  CheckScratch scratch_;
  int64_t now_ = kNow;
};

using Engines = testing::Types<InMemory, OnDisk>;
TYPED_TEST_SUITE(CompactionTest, Engines);

TYPED_TEST(CompactionTest, KeepsTheNewestRecordOfEachKeyAtItsOffset) {
  this->send({{"a", "1"}, {"b", "1"}, {"a", "2"}});
  this->send({{"c", "1"}});
  this->send({{"a", "3"}});
  this->roll();
  this->send({{"b", "2"}});
  this->compact();
  EXPECT_EQ(this->records(),
            (std::vector<Seen>{{1, "b", "1"}, {3, "c", "1"}, {4, "a", "3"}, {5, "b", "2"}}));
  EXPECT_EQ(this->log().end_offset(), 6);
  EXPECT_EQ(this->log().start_offset(), 0);
}

TYPED_TEST(CompactionTest, ReadsAtOffsetsThatAreGone) {
  this->send({{"a", "1"}});
  this->send({{"a", "2"}});
  this->send({{"a", "3"}});
  this->roll();
  this->compact();
  std::vector<Slice> slices;
  ASSERT_GT(this->log().read({0, 1000, true, 3}, slices), 0U);
  EXPECT_EQ(wire::BatchView::parse(slices[0].bytes())->base_offset(), 2);
}

TYPED_TEST(CompactionTest, KeepsCompressedBatchesCompressed) {
  wire::BatchOptions options;
  options.codec = wire::Codec::kLz4;
  const std::string value(1000, 'v');
  this->send({{"a", value}, {"b", value}}, options);
  this->send({{"a", "2"}});
  this->roll();
  this->compact();
  this->for_each_batch([&](const wire::BatchView& batch) {
    if (batch.base_offset() == 0) EXPECT_EQ(batch.codec(), wire::Codec::kLz4);
  });
  EXPECT_EQ(this->records().size(), 2U);
}

TYPED_TEST(CompactionTest, KeepsTombstonesUntilTheirHorizon) {
  this->send({{"a", "1"}});
  this->send({{"a", "-"}});
  this->roll();
  this->send({{"x", "1"}});
  this->compact();
  EXPECT_EQ(this->records().front(), (Seen{1, "a", "-"}));
  bool has_horizon = false;
  this->for_each_batch([&](const wire::BatchView& batch) {
    if (batch.base_offset() != 1) return;
    has_horizon = batch.has_delete_horizon();
    EXPECT_EQ(batch.base_timestamp(), kNow + 1000);
    EXPECT_EQ(batch.max_timestamp(), kNow);
  });
  EXPECT_TRUE(has_horizon);
  this->now_ += 1001;
  this->roll();
  this->send({{"y", "1"}});
  this->compact();
  EXPECT_EQ(this->records(), (std::vector<Seen>{{2, "x", "1"}, {3, "y", "1"}}));
}

TYPED_TEST(CompactionTest, RemovesAbortedRecordsAndLaterTheirMarkers) {
  this->send({{"a", "1"}});
  this->send({{"a", "2"}}, this->of_producer(7, 0, true));
  this->mark(7, false);
  this->send({{"b", "1"}}, this->of_producer(8, 0, true));
  this->mark(8, true);
  this->roll();
  this->send({{"x", "1"}});
  this->compact();
  EXPECT_EQ(
      this->records(),
      (std::vector<Seen>{{0, "a", "1"}, {2, "", "!"}, {3, "b", "1"}, {4, "", "!"}, {5, "x", "1"}}));
  EXPECT_TRUE(this->log().aborted_txns().all().empty());
  // Nothing of the transaction is left: the marker gets its horizon, and goes behind it.
  this->roll();
  this->send({{"y", "1"}});
  this->compact();
  this->now_ += 1001;
  this->roll();
  this->send({{"z", "1"}});
  this->log().expire_producers(this->now_ + 10, 1);
  this->compact();
  EXPECT_EQ(this->records().at(1), (Seen{3, "b", "1"}));
}

TYPED_TEST(CompactionTest, RemembersTheLastBatchOfAProducer) {
  const AppendOutcome first = this->send({{"a", "1"}}, this->of_producer(7, 0, false));
  this->send({{"a", "2"}});
  this->roll();
  this->send({{"x", "1"}});
  this->compact();
  EXPECT_EQ(this->records().size(), 2U);
  EXPECT_EQ(this->batches(), 3U) << "one of them empty";
  if constexpr (TypeParam::kOnDisk) {
    this->engine_.log = this->engine_.open(false);
    EXPECT_EQ(this->batches(), 3U);
  }
  const AppendOutcome again = this->send({{"a", "1"}}, this->of_producer(7, 0, false));
  EXPECT_EQ(again.bytes, 0U);
  EXPECT_EQ(again.base_offset, first.base_offset) << "a duplicate";
}

TYPED_TEST(CompactionTest, LeavesOpenTransactionsAndWhatFollowsAlone) {
  this->send({{"a", "1"}});
  this->roll();
  this->send({{"a", "2"}}, this->of_producer(7, 0, true));
  this->send({{"b", "1"}});
  this->roll();
  this->send({{"b", "2"}});
  ASSERT_TRUE(this->plan());
  EXPECT_EQ(this->plan()->end, 1);
  this->compact();
  EXPECT_EQ(this->records().size(), 4U);
}

TYPED_TEST(CompactionTest, TakesSeveralPassesForManyKeys) {
  CompactionLimits limits;
  limits.key_bytes = 1;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 2000; ++i) this->send({{std::to_string(i), std::to_string(round)}});
  }
  this->roll();
  this->send({{"x", "1"}});
  int passes = 0;
  while (this->plan()) {
    this->compact(limits);
    ++passes;
  }
  EXPECT_GT(passes, 3);
  const std::vector<Seen> left = this->records();
  EXPECT_EQ(left.size(), 2001U);
  EXPECT_EQ(left.front(), (Seen{2000, "0", "1"}));
}

TYPED_TEST(CompactionTest, JoinsSmallSegments) {
  for (int i = 0; i < 10; ++i) {
    this->send({{std::to_string(i), "1"}});
    this->roll();
  }
  this->send({{"x", "1"}});
  EXPECT_EQ(this->log().store().segments().size(), 11U);
  this->compact();
  EXPECT_EQ(this->log().store().segments().size(), 2U);
  EXPECT_EQ(this->records().size(), 11U);
}

TYPED_TEST(CompactionTest, WaitsForEnoughDirtToGather) {
  LogConfig config = compacted_config();
  config.dirty_ratio_min = 0.5;
  this->log().set_config(config);
  for (int i = 0; i < 10; ++i) this->send({{std::to_string(i), "1"}});
  this->roll();
  this->send({{"1", "2"}});
  this->compact();
  this->roll();
  this->send({{"x", "1"}});
  EXPECT_FALSE(this->plan()) << "one of eleven";
  config.compaction_lag_max_ms = 100;
  this->log().set_config(config);
  EXPECT_FALSE(this->plan());
  this->now_ += 101;
  ASSERT_TRUE(this->plan());
  EXPECT_TRUE(this->plan()->overdue);
  config.compaction_lag_min_ms = 1000;
  this->log().set_config(config);
  EXPECT_FALSE(this->plan()) << "too young";
}

TYPED_TEST(CompactionTest, SurvivesRetentionMeanwhile) {
  for (int i = 0; i < 5; ++i) {
    this->send({{"a", std::to_string(i)}, {std::to_string(i), "1"}});
    this->roll();
  }
  this->send({{"x", "1"}});
  Compaction compaction(this->log(), *this->plan(), {}, this->now_);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(compaction.step(100, this->scratch_));
  this->log().truncate_before(4);
  while (true) {
    const Result<Compaction::Next> next = compaction.step(100, this->scratch_);
    ASSERT_TRUE(next) << next.error().to_string();
    if (*next == Compaction::Next::kDone) break;
  }
  const std::vector<Seen> left = this->records();
  EXPECT_EQ(left.back(), (Seen{10, "x", "1"}));
  EXPECT_GE(left.front().offset, 4);
}

// Whatever is sent, and whenever it is compacted: the newest of each key can be read, in order.
TYPED_TEST(CompactionTest, KeepsWhatANaiveModelKeeps) {
  std::mt19937 random(20261121);
  for (int run = 0; run < 20; ++run) {
    if constexpr (TypeParam::kOnDisk) {
      ASSERT_TRUE(this->engine_.files.remove_directory("t-0"));
    }
    if constexpr (TypeParam::kOnDisk) this->engine_.log = this->engine_.open(false);
    if constexpr (!TypeParam::kOnDisk) {
      this->engine_.log =
          PartitionLog(std::make_unique<MemoryStore>(ChunkPool::create()), compacted_config());
    }
    std::map<std::string, Seen> newest;
    for (int step = 0; step < 200; ++step) {
      const unsigned what = random() % 20;
      if (what == 0) this->roll();
      if (what == 1 && this->plan()) this->compact();
      if constexpr (TypeParam::kOnDisk) {
        if (what == 2) this->engine_.log = this->engine_.open(false);
      }
      std::vector<std::pair<std::string, std::string>> pairs;
      const int64_t base = this->log().end_offset();
      for (unsigned i = 0; i <= random() % 4; ++i) {
        const std::string key = std::to_string(random() % 10);
        const std::string value = random() % 10 == 0 ? "-" : std::to_string(step);
        newest[key] = {base + static_cast<int64_t>(pairs.size()), key, value};
        pairs.emplace_back(key, value);
      }
      this->send(pairs);
    }
    std::map<std::string, Seen> read;
    int64_t last = -1;
    for (const Seen& seen : this->records()) {
      EXPECT_GT(seen.offset, last);
      last = seen.offset;
      read[seen.key] = seen;
    }
    EXPECT_EQ(read, newest) << "run " << run;
  }
}

class CompactionOnDisk : public CompactionTest<OnDisk> {};

TEST_F(CompactionOnDisk, ChangesNothingWithoutSpace) {
  for (int i = 0; i < 5; ++i) send({{"a", std::to_string(i)}});
  roll();
  send({{"x", "1"}});
  engine_.files.set_space(20);
  EXPECT_FALSE(try_compact());
  EXPECT_FALSE(log().fault());
  EXPECT_EQ(records().size(), 6U);
  engine_.files.set_no_limit();
  compact();
  EXPECT_EQ(records().size(), 2U);
}

TEST_F(CompactionOnDisk, IsThereAfterARestart) {
  for (int i = 0; i < 5; ++i) send({{"a", std::to_string(i)}});
  roll();
  send({{"x", "1"}});
  compact();
  const std::vector<Seen> before = records();
  engine_.log = engine_.open(false);
  EXPECT_EQ(records(), before);
  EXPECT_EQ(log().end_offset(), 6);
  EXPECT_TRUE(engine_.recovery.fault.empty());
}

}  // namespace
}  // namespace odradek::log
