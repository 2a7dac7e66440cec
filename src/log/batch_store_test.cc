#include <gtest/gtest.h>

#include <random>
#include <string>

#include "log/batches_for_tests.h"
#include "log/disk/disk_store.h"
#include "log/disk/memory_file_system_for_tests.h"
#include "log/memory_store.h"
#include "wire/record_iterator.h"

// What both engines do.
namespace odradek::log {
namespace {

using wire::BatchView;

struct MemoryEngine {
  std::shared_ptr<ChunkPool> pool = ChunkPool::create();
  std::unique_ptr<BatchStore> store = std::make_unique<MemoryStore>(pool);
};

struct DiskEngine {
  MemoryFileSystem files;
  FileCache cache{files, 3};
  DiskRecovery recovery;
  std::unique_ptr<BatchStore> store =
      *DiskStore::open(cache, {.directory = "t-0"}, {.clean = true}, 0, recovery);
};

template <class Engine>
class BatchStoreTest : public testing::Test {
 protected:
  void append(int32_t records, int64_t first_timestamp = 1000, size_t value_bytes = 100) {
    const Slice batch = make_batch(records, first_timestamp, value_bytes);
    wire::HeaderEdit edit;
    edit.base_offset = store_.end_offset();
    edit.leader_epoch = 7;
    const BatchView view = *BatchView::parse(batch.bytes());
    ASSERT_TRUE(store_.append(wire::edited_header(view, edit), view.stored_records(), 5000));
  }

  // Base offsets of the batches that a read gives.
  std::vector<int64_t> read(const ReadRange& range) {
    std::vector<Slice> slices;
    const size_t bytes = *store_.read(range, slices);
    std::vector<int64_t> offsets;
    size_t seen = 0;
    for (const Slice& slice : slices) {
      seen += slice.size();
      const Result<Bytes> rest = wire::for_each_batch(
          slice.bytes(), [&](const BatchView& batch) { offsets.push_back(batch.base_offset()); });
      EXPECT_TRUE(rest && rest->empty()) << "a cut batch";
    }
    EXPECT_EQ(seen, bytes);
    return offsets;
  }
  ReadRange from(int64_t offset, size_t bytes_max = 1 << 30) {
    return {offset, bytes_max, false, store_.end_offset()};
  }

  Engine engine_;
  BatchStore& store_ = *engine_.store;
  Unpacker unpacker_;
};
using Engines = testing::Types<MemoryEngine, DiskEngine>;
TYPED_TEST_SUITE(BatchStoreTest, Engines);

TYPED_TEST(BatchStoreTest, ReadsBatchesFromTheOneThatContainsTheOffset) {
  this->append(10);
  this->append(5);
  this->append(1);
  EXPECT_EQ(this->store_.end_offset(), 16);
  EXPECT_EQ(this->read(this->from(0)), (std::vector<int64_t>{0, 10, 15}));
  EXPECT_EQ(this->read(this->from(9)), (std::vector<int64_t>{0, 10, 15}));
  EXPECT_EQ(this->read(this->from(12)), (std::vector<int64_t>{10, 15}));
  EXPECT_EQ(this->read(this->from(15)), (std::vector<int64_t>{15}));
  EXPECT_EQ(this->read(this->from(16)), std::vector<int64_t>());
}

TYPED_TEST(BatchStoreTest, NeverCutsABatch) {
  this->append(1);
  this->append(1);
  const size_t one = this->store_.size_bytes() / 2;
  EXPECT_EQ(this->read(this->from(0, one)), (std::vector<int64_t>{0}));
  EXPECT_EQ(this->read(this->from(0, 2 * one - 1)), (std::vector<int64_t>{0}));
  EXPECT_EQ(this->read(this->from(0, 2 * one)), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(this->read(this->from(0, one - 1)), std::vector<int64_t>());
}

TYPED_TEST(BatchStoreTest, GivesTheFirstBatchWholeWhenAsked) {
  this->append(1);
  this->append(1);
  EXPECT_EQ(this->read({1, 1, true, 2}), (std::vector<int64_t>{1}));
}

TYPED_TEST(BatchStoreTest, StopsBeforeTheEndOffset) {
  this->append(3);
  this->append(3);
  this->append(3);
  EXPECT_EQ(this->read({0, 1 << 20, false, 6}), (std::vector<int64_t>{0, 3}));
  EXPECT_EQ(this->read({6, 1 << 20, true, 6}), std::vector<int64_t>());
}

TYPED_TEST(BatchStoreTest, FindsRecordsByTime) {
  this->append(10, 1000);
  this->append(10, 2000);
  const auto find = [&](int64_t timestamp, int64_t from_offset = 0) {
    return this->store_.find_by_time(timestamp, from_offset, this->unpacker_)
        ->value_or(TimedOffset{})
        .offset;
  };
  EXPECT_EQ(find(0), 0);
  EXPECT_EQ(find(1004), 4);
  EXPECT_EQ(find(1010), 10);
  EXPECT_EQ(find(2009), 19);
  EXPECT_EQ(find(2010), -1);
  EXPECT_EQ(find(0, 15), 15);
  const TimedOffset found = **this->store_.find_by_time(1004, 0, this->unpacker_);
  EXPECT_EQ(found.timestamp_ms, 1004);
  EXPECT_EQ(found.leader_epoch, 7);
}

TYPED_TEST(BatchStoreTest, FindsTheFirstOfTheLatestRecords) {
  this->append(3, 1000);
  this->append(1, 5000);
  this->append(3, 1000);
  this->append(1, 5000);
  EXPECT_EQ((*this->store_.find_max_timestamp(0, this->unpacker_))->offset, 3);
  EXPECT_EQ((*this->store_.find_max_timestamp(4, this->unpacker_))->offset, 7);
  TypeParam empty;
  EXPECT_FALSE(empty.store->find_max_timestamp(0, this->unpacker_)->has_value());
}

TYPED_TEST(BatchStoreTest, DropsWholeSegments) {
  for (int i = 0; i < 40; ++i) {
    if (i % 7 == 0) ASSERT_TRUE(this->store_.roll(5000));
    this->append(1, 1000, 20'000);
  }
  const size_t before = this->store_.size_bytes();
  const auto oldest = this->store_.oldest_segment();
  EXPECT_EQ(oldest->base_offset, 0);
  EXPECT_GT(oldest->next_offset, 1);
  this->store_.drop_before(oldest->next_offset - 1);
  EXPECT_EQ(this->store_.first_offset(), 0) << "the segment still holds a wanted record";
  this->store_.drop_before(oldest->next_offset);
  EXPECT_EQ(this->store_.first_offset(), oldest->next_offset);
  EXPECT_EQ(this->store_.size_bytes(), before - oldest->bytes);
  EXPECT_EQ(this->store_.drop_before(this->store_.end_offset()), 40);
  EXPECT_EQ(this->store_.size_bytes(), 0U);
  EXPECT_FALSE(this->store_.oldest_segment());
  this->append(1);
  EXPECT_EQ(this->read(this->from(40)), (std::vector<int64_t>{40}));
}

TYPED_TEST(BatchStoreTest, RollsWhenAsked) {
  this->append(2);
  ASSERT_TRUE(this->store_.roll(5000));
  ASSERT_TRUE(this->store_.roll(5000)) << "nothing to roll";
  EXPECT_FALSE(this->store_.newest_segment()) << "it is empty";
  this->append(3);
  const std::vector<BatchStore::Segment> segments = this->store_.segments();
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments[0].next_offset, 2);
  EXPECT_EQ(segments[1].base_offset, 2);
  EXPECT_EQ(segments[1].first_timestamp_ms, 1002);
  EXPECT_EQ(this->store_.newest_segment()->next_offset, 5);
  EXPECT_EQ(this->read(this->from(1)), (std::vector<int64_t>{0, 2}));
}

TYPED_TEST(BatchStoreTest, PutsACompactedSegmentInThePlaceOfOthers) {
  for (int i = 0; i < 6; ++i) {
    if (i % 2 == 0) ASSERT_TRUE(this->store_.roll(5000));
    this->append(2, 1000 + i);
  }
  std::vector<Slice> kept;
  ASSERT_TRUE(this->store_.read({2, 1, true, 12}, kept));
  auto writer = this->store_.replace(0, 4);
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->append(kept[0].bytes()));
  ASSERT_TRUE((*(*writer)->sync_work())());
  ASSERT_TRUE((*writer)->finish());
  EXPECT_EQ(this->read(this->from(0)), (std::vector<int64_t>{2, 8, 10}));
  EXPECT_EQ(this->read(this->from(5)), (std::vector<int64_t>{8, 10}));
  EXPECT_EQ(this->store_.segments().size(), 2U);
  EXPECT_EQ(this->store_.find_by_time(1003, 0, this->unpacker_)->value().offset, 8);
  this->append(1);
  EXPECT_EQ(this->read(this->from(11)), (std::vector<int64_t>{10, 12}));
}

TYPED_TEST(BatchStoreTest, ChangesNothingWithAWriterThatDoesNotFinish) {
  this->append(2);
  ASSERT_TRUE(this->store_.roll(5000));
  this->append(2);
  const size_t before = this->store_.size_bytes();
  ASSERT_TRUE(this->store_.replace(0, 0));
  EXPECT_EQ(this->store_.size_bytes(), before);
  EXPECT_EQ(this->read(this->from(0)), (std::vector<int64_t>{0, 2}));
}

TYPED_TEST(BatchStoreTest, TakesABatchLargerThanAChunk) {
  this->append(1);
  this->append(1, 1000, ChunkPool::kChunkBytesMax + 1);
  this->append(1);
  EXPECT_EQ(this->read(this->from(0)), (std::vector<int64_t>{0, 1, 2}));
}

TYPED_TEST(BatchStoreTest, AgreesWithAPlainListOnRandomReads) {
  std::mt19937 random(42);
  struct Known {
    int64_t base, next;
    size_t size;
  };
  std::vector<Known> known;
  for (int i = 0; i < 400; ++i) {
    const int64_t base = this->store_.end_offset();
    const size_t before = this->store_.size_bytes();
    this->append(1 + static_cast<int32_t>(random() % 20), 1000, random() % 3000);
    known.push_back({base, this->store_.end_offset(), this->store_.size_bytes() - before});
  }
  for (int i = 0; i < 2000; ++i) {
    const auto offset =
        static_cast<int64_t>(random() % static_cast<uint64_t>(this->store_.end_offset()));
    const size_t bytes_max = random() % 300'000;
    const bool whole = random() % 2 == 0;
    std::vector<int64_t> expected;
    size_t bytes = 0;
    for (const Known& batch : known) {
      if (batch.next <= offset) continue;
      if (bytes + batch.size > bytes_max && !(whole && expected.empty())) break;
      expected.push_back(batch.base);
      bytes += batch.size;
      if (bytes >= bytes_max) break;
    }
    ASSERT_EQ(this->read({offset, bytes_max, whole, this->store_.end_offset()}), expected)
        << "offset " << offset << " bytes " << bytes_max << " whole " << whole;
  }
}

}  // namespace
}  // namespace odradek::log
