#include "log/memory_store.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "wire/batch_builder.h"
#include "wire/record_iterator.h"

namespace odradek::log {
namespace {

using wire::BatchView;

Slice make_batch(int32_t records, int64_t first_timestamp, size_t value_bytes = 100) {
  wire::BatchBuilder builder{wire::BatchOptions{}};
  const std::string value(value_bytes, 'v');
  for (int32_t i = 0; i < records; ++i) {
    wire::NewRecord record;
    record.timestamp_ms = first_timestamp + i;
    record.value = as_bytes(value);
    EXPECT_TRUE(builder.append(record));
  }
  wire::Compressor compressor;
  return *builder.finish(compressor);
}

class MemoryStoreTest : public testing::Test {
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
    const size_t bytes = store_.read(range, slices);
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

  std::shared_ptr<ChunkPool> pool_ = ChunkPool::create();
  MemoryStore store_{pool_};
  Unpacker unpacker_;
};

TEST_F(MemoryStoreTest, ReadsBatchesFromTheOneThatContainsTheOffset) {
  append(10);
  append(5);
  append(1);
  EXPECT_EQ(store_.end_offset(), 16);
  EXPECT_EQ(read(from(0)), (std::vector<int64_t>{0, 10, 15}));
  EXPECT_EQ(read(from(9)), (std::vector<int64_t>{0, 10, 15}));
  EXPECT_EQ(read(from(12)), (std::vector<int64_t>{10, 15}));
  EXPECT_EQ(read(from(15)), (std::vector<int64_t>{15}));
  EXPECT_EQ(read(from(16)), std::vector<int64_t>());
}

TEST_F(MemoryStoreTest, NeverCutsABatch) {
  append(1);
  append(1);
  const size_t one = store_.size_bytes() / 2;
  EXPECT_EQ(read(from(0, one)), (std::vector<int64_t>{0}));
  EXPECT_EQ(read(from(0, 2 * one - 1)), (std::vector<int64_t>{0}));
  EXPECT_EQ(read(from(0, 2 * one)), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(read(from(0, one - 1)), std::vector<int64_t>());
}

TEST_F(MemoryStoreTest, GivesTheFirstBatchWholeWhenAsked) {
  append(1);
  append(1);
  EXPECT_EQ(read({1, 1, true, 2}), (std::vector<int64_t>{1}));
}

TEST_F(MemoryStoreTest, StopsBeforeTheEndOffset) {
  append(3);
  append(3);
  append(3);
  EXPECT_EQ(read({0, 1 << 20, false, 6}), (std::vector<int64_t>{0, 3}));
  EXPECT_EQ(read({6, 1 << 20, true, 6}), std::vector<int64_t>());
}

TEST_F(MemoryStoreTest, FindsRecordsByTime) {
  append(10, 1000);
  append(10, 2000);
  const auto find = [&](int64_t timestamp, int64_t from_offset = 0) {
    return store_.find_by_time(timestamp, from_offset, unpacker_)->value_or(TimedOffset{}).offset;
  };
  EXPECT_EQ(find(0), 0);
  EXPECT_EQ(find(1004), 4);
  EXPECT_EQ(find(1010), 10);
  EXPECT_EQ(find(2009), 19);
  EXPECT_EQ(find(2010), -1);
  EXPECT_EQ(find(0, 15), 15);
  const TimedOffset found = **store_.find_by_time(1004, 0, unpacker_);
  EXPECT_EQ(found.timestamp_ms, 1004);
  EXPECT_EQ(found.leader_epoch, 7);
}

TEST_F(MemoryStoreTest, FindsTheFirstOfTheLatestRecords) {
  append(3, 1000);
  append(1, 5000);
  append(3, 1000);
  append(1, 5000);
  EXPECT_EQ((*store_.find_max_timestamp(0, unpacker_))->offset, 3);
  EXPECT_EQ((*store_.find_max_timestamp(4, unpacker_))->offset, 7);
  MemoryStore empty(pool_);
  EXPECT_FALSE(empty.find_max_timestamp(0, unpacker_)->has_value());
}

TEST_F(MemoryStoreTest, DropsWholeChunksAndFreesTheirMemory) {
  for (int i = 0; i < 40; ++i) append(1, 1000, 20'000);
  const size_t before = store_.size_bytes();
  EXPECT_EQ(pool_->used_bytes(), before);
  const auto oldest = store_.oldest_segment();
  EXPECT_EQ(oldest->base_offset, 0);
  EXPECT_GT(oldest->next_offset, 1);
  store_.drop_before(oldest->next_offset - 1);
  EXPECT_EQ(store_.first_offset(), 0) << "the chunk still holds a wanted record";
  store_.drop_before(oldest->next_offset);
  EXPECT_EQ(store_.first_offset(), oldest->next_offset);
  EXPECT_EQ(store_.size_bytes(), before - oldest->bytes);
  EXPECT_EQ(pool_->used_bytes(), store_.size_bytes());
  EXPECT_EQ(store_.drop_before(store_.end_offset()), 40);
  EXPECT_EQ(store_.size_bytes(), 0U);
  append(1);
  EXPECT_EQ(read(from(40)), (std::vector<int64_t>{40}));
}

TEST_F(MemoryStoreTest, SlicesOutliveWhatIsDropped) {
  append(1, 1000, 1000);
  std::vector<Slice> slices;
  store_.read(from(0), slices);
  store_.drop_before(1);
  EXPECT_GT(pool_->used_bytes(), 0U);
  EXPECT_TRUE(BatchView::parse(slices[0].bytes())->verify_crc());
  slices.clear();
  EXPECT_EQ(pool_->used_bytes(), 0U);
}

TEST_F(MemoryStoreTest, TakesABatchLargerThanAChunk) {
  append(1);
  append(1, 1000, ChunkPool::kChunkBytesMax + 1);
  append(1);
  EXPECT_EQ(read(from(0)), (std::vector<int64_t>{0, 1, 2}));
}

TEST_F(MemoryStoreTest, AgreesWithAPlainListOnRandomReads) {
  std::mt19937 random(42);
  struct Known {
    int64_t base, next;
    size_t size;
  };
  std::vector<Known> known;
  for (int i = 0; i < 400; ++i) {
    const int64_t base = store_.end_offset();
    const size_t before = store_.size_bytes();
    append(1 + static_cast<int32_t>(random() % 20), 1000, random() % 3000);
    known.push_back({base, store_.end_offset(), store_.size_bytes() - before});
  }
  for (int i = 0; i < 2000; ++i) {
    const auto offset = static_cast<int64_t>(random() % static_cast<uint64_t>(store_.end_offset()));
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
    ASSERT_EQ(read({offset, bytes_max, whole, store_.end_offset()}), expected)
        << "offset " << offset << " bytes " << bytes_max << " whole " << whole;
  }
}

}  // namespace
}  // namespace odradek::log
