#include <gtest/gtest.h>

#include <random>

#include "backup/engine/archived_batch.h"
#include "backup/format/segment_writer.h"
#include "backup/restore/log_cut.h"
#include "store/memory_store.h"
#include "wire/batch_rewrite.h"
#include "wire/control_record.h"
#include "wire/record_iterator.h"

namespace odradek::backup {
namespace {

struct Kept {
  int64_t offset = 0;
  int64_t timestamp_ms = 0;

  bool operator==(const Kept&) const = default;
};

SegmentHeader header_at(int64_t first_offset) {
  SegmentHeader header;
  header.topic = "t";
  header.first_offset = first_offset;
  return header;
}

// How the records of a partition are timed.
enum class Times { kRising, kEqual, kFalling, kRandom, kExtreme };

// One archived partition made up at random, and all of its records.
class MadeUpPartition {
 public:
  MadeUpPartition(uint32_t seed, Times times) : random_(seed), times_(times) {
    for (int segment = 0; segment < 3; ++segment) add_segment();
  }

  const SourcePart& part() const { return part_; }
  store::MemoryStore& store() { return store_; }
  const std::vector<Kept>& records() const { return records_; }

 private:
  TimestampMs next_time() {
    const auto i = static_cast<int64_t>(records_.size());
    switch (times_) {
      case Times::kRising: return 1000 + i;
      case Times::kEqual: return 1000;
      case Times::kFalling: return 2000 - i;
      case Times::kRandom: return 1000 + static_cast<int64_t>(random_() % 300);
      case Times::kExtreme: {
        const int64_t extremes[] = {INT64_MAX, INT64_MAX - 1, -1, 0, 1000, 1100, 1200};
        return extremes[random_() % std::size(extremes)];
      }
    }
    return 0;
  }

  void add_segment() {
    const int64_t first = next_offset_;
    const std::string key = "segment" + std::to_string(first);
    SegmentWriterOptions options;
    options.frame_bytes = 1024;
    auto writer = *SegmentWriter::begin(*store_.open_writer(key), header_at(first), options);
    for (int i = 0; i < 12; ++i) add_batch(*writer);
    const FinishedSegment finished = *writer->finish(first, next_offset_ - 1);
    part_.segments.push_back(segment_ref(key, finished.object.size_bytes, finished.footer));
  }

  void add_batch(SegmentWriter& writer) {
    const auto codec = static_cast<wire::Codec>(random_() % 5);
    const bool is_append_time = random_() % 4 == 0;
    wire::BatchBuilder builder({.base_offset = next_offset_, .codec = codec});
    const size_t first = records_.size();
    int32_t delta = 0;
    const int count = 1 + static_cast<int>(random_() % 6);
    for (int i = 0; i < count; ++i) {
      const TimestampMs time = next_time();
      EXPECT_TRUE(builder.append_at(delta, {.timestamp_ms = time, .value = as_bytes("value")}));
      records_.push_back({next_offset_ + delta, time});
      delta += random_() % 5 == 0 ? 3 : 1;
    }
    const int64_t base = next_offset_;
    wire::Compressor compressor;
    const Slice plain = *builder.finish(compressor);
    std::string bytes(plain.text());
    if (is_append_time) {
      const TimestampMs stamp = next_time();
      EXPECT_TRUE(wire::stamp_log_append_time(
          MutableBytes(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()), stamp));
      for (size_t i = first; i < records_.size(); ++i) records_[i].timestamp_ms = stamp;
    }
    const Slice batch = Slice::copy_of(bytes);
    const wire::BatchView view = *wire::BatchView::parse(batch.bytes());
    next_offset_ = view.next_offset();
    BatchArchiver archiver(Transcode::kAuto);
    const ArchivedBatch archived = *archiver.archive(batch, view);
    EXPECT_TRUE(writer.add(archived.bytes.bytes(), archived.facts)) << base;
  }

  std::mt19937 random_;
  Times times_;
  store::MemoryStore store_;
  SourcePart part_;
  std::vector<Kept> records_;
  int64_t next_offset_ = 5;
};

// What a restore makes of the partition, by source offset.
std::vector<Kept> restored(MadeUpPartition& partition, const PrepareOptions& options,
                           int64_t end_offset) {
  SegmentPreparer preparer(partition.store(), options);
  std::vector<Kept> kept;
  for (const SegmentRef& segment : partition.part().segments) {
    EXPECT_TRUE(preparer.open(segment));
    for (size_t frame = 0; frame < preparer.frame_count(); ++frame) {
      const auto batches = preparer.prepare(frame, {.end_offset = end_offset});
      EXPECT_TRUE(batches) << batches.error().to_string();
      for (const PreparedBatch& batch : *batches) {
        const wire::BatchView view = *wire::BatchView::parse(batch.bytes.bytes());
        EXPECT_TRUE(view.has_all_offsets());
        wire::Decompressor decompressor;
        Buffer scratch;
        const Bytes decoded = *wire::records_of(view, decompressor, scratch);
        wire::RecordCursor cursor(view, decoded);
        auto run = batch.runs.begin();
        while (const wire::RecordView* record = cursor.next()) {
          while (record->offset_delta >= run->target_delta + static_cast<int64_t>(run->count))
            ++run;
          const int64_t into = record->offset_delta - run->target_delta;
          EXPECT_EQ(view.timestamp_type(), wire::TimestampType::kCreateTime);
          kept.push_back({run->source_first + into, record->timestamp_ms});
        }
      }
    }
  }
  return kept;
}

constexpr Times kEveryTimes[] = {Times::kRising, Times::kEqual, Times::kFalling, Times::kRandom,
                                 Times::kExtreme};
constexpr TimeWindow kWindows[] = {{},
                                   {1000, 1000},
                                   {1050, 1150},
                                   {INT64_MIN, 1099},
                                   {1100, INT64_MAX},
                                   {INT64_MAX, INT64_MAX},
                                   {-1, 0},
                                   {1900, 2000},
                                   {5000, 6000}};

// I7: what is restored is what a filter over all records keeps, whatever their order in time.
TEST(PointInTime, ByRecordTimeKeepsWhatANaiveFilterKeeps) {
  for (const Times times : kEveryTimes) {
    for (uint32_t seed = 0; seed < 6; ++seed) {
      MadeUpPartition partition(seed, times);
      for (const TimeWindow& window : kWindows) {
        std::vector<Kept> expected;
        for (const Kept& record : partition.records()) {
          if (window.contains(record.timestamp_ms)) expected.push_back(record);
        }
        PrepareOptions options;
        options.window = window;
        options.coalesces = seed % 2 == 1;
        EXPECT_EQ(restored(partition, options, INT64_MAX), expected)
            << "seed " << seed << " times " << static_cast<int>(times) << " window " << window.start
            << ".." << window.end;
      }
    }
  }
}

TEST(PointInTime, ByLogCutsBeforeTheFirstLaterRecord) {
  for (const Times times : kEveryTimes) {
    for (uint32_t seed = 0; seed < 6; ++seed) {
      MadeUpPartition partition(seed, times);
      for (const TimestampMs end :
           {INT64_C(-2), INT64_C(1000), INT64_C(1099), INT64_C(1999), INT64_MAX - 1, INT64_MAX}) {
        std::vector<Kept> expected;
        for (const Kept& record : partition.records()) {
          if (record.timestamp_ms > end) break;
          expected.push_back(record);
        }
        const Result<int64_t> cut = log_cut(partition.store(), partition.part(), end);
        ASSERT_TRUE(cut) << cut.error().to_string();
        EXPECT_EQ(restored(partition, {}, *cut), expected) << "seed " << seed << " end " << end;
      }
    }
  }
}

// A consumer of committed records sees nothing behind the first record of an open transaction.
TEST(PointInTime, ByLogCutsBeforeATransactionThatWasOpenThen) {
  store::MemoryStore store;
  auto writer = *SegmentWriter::begin(*store.open_writer("s"), header_at(0), {});
  wire::Compressor compressor;
  BatchArchiver archiver(Transcode::kAuto);
  const auto add = [&](int64_t offset, TimestampMs time, int64_t producer) {
    wire::BatchBuilder builder({.base_offset = offset,
                                .transactional = producer >= 0,
                                .producer_id = producer,
                                .producer_epoch = 0,
                                .base_sequence = 0});
    ASSERT_TRUE(builder.append({.timestamp_ms = time, .value = as_bytes("v")}));
    const Slice batch = *builder.finish(compressor);
    const ArchivedBatch archived = *archiver.archive(batch, *wire::BatchView::parse(batch.bytes()));
    ASSERT_TRUE(writer->add(archived.bytes.bytes(), archived.facts));
  };
  const auto commit = [&](int64_t offset, TimestampMs time, int64_t producer) {
    const Slice batch = wire::make_end_txn_batch({.marker = {true, 0},
                                                  .producer_id = producer,
                                                  .producer_epoch = 0,
                                                  .timestamp_ms = time,
                                                  .base_offset = offset});
    const ArchivedBatch archived = *archiver.archive(batch, *wire::BatchView::parse(batch.bytes()));
    ASSERT_TRUE(writer->add(archived.bytes.bytes(), archived.facts));
  };
  add(0, 100, 7);
  add(1, 110, -1);
  commit(2, 120, 7);
  add(3, 130, 8);   // open from here on
  add(4, 140, -1);
  add(5, 150, 9);
  commit(6, 160, 9);
  add(7, 170, -1);
  commit(8, 180, 8);
  add(9, 190, -1);
  const FinishedSegment finished = *writer->finish(0, 9);
  SourcePart part;
  part.segments.push_back(segment_ref("s", finished.object.size_bytes, finished.footer));
  EXPECT_EQ(log_cut(store, part, 165).value(), 3);
  EXPECT_EQ(log_cut(store, part, 125).value(), 3);
  EXPECT_EQ(log_cut(store, part, 185).value(), 9);
  EXPECT_EQ(log_cut(store, part, 115).value(), 0);  // producer 7 had not committed by then
  EXPECT_EQ(log_cut(store, part, 190).value(), INT64_MAX);
}

}  // namespace
}  // namespace odradek::backup
