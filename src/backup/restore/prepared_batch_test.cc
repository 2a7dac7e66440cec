#include "backup/restore/prepared_batch.h"

#include <gtest/gtest.h>

#include "backup/engine/archived_batch.h"
#include "backup/restore/offset_map.h"
#include "backup/restore/record_hash.h"
#include "store/memory_store.h"
#include "wire/control_record.h"

namespace odradek::backup {
namespace {

class Restoring : public testing::Test {
 protected:
  // Archives a batch with records at the offset deltas and prepares it again.
  PreparedBatch round_trip(wire::BatchOptions options, const std::vector<int32_t>& deltas,
                           int64_t covered_start = 0) {
    wire::BatchBuilder builder(options);
    for (const int32_t delta : deltas) {
      const std::string value = "value " + std::to_string(delta) + std::string(100, '.');
      const wire::RecordHeader headers[] = {{"h", as_bytes("1")}, {"h", Bytes{}}};
      EXPECT_TRUE(builder.append_at(
          delta, {.timestamp_ms = 1000 + delta, .value = as_bytes(value), .headers = headers}));
    }
    wire::Compressor compressor;
    original_ = *builder.finish(compressor);
    BatchArchiver archiver(Transcode::kAuto);
    archived_ = *archiver.archive(original_, *wire::BatchView::parse(original_.bytes()));
    Result<PreparedBatch> prepared =
        BatchPreparer().prepare(archived_.bytes, archived_.facts, covered_start);
    EXPECT_TRUE(prepared) << prepared.error().to_string();
    return *std::move(prepared);
  }

  static Xxh128 hash_of(const Slice& batch, int64_t from = 0) {
    RecordHash hash;
    EXPECT_TRUE(hash.add(*wire::BatchView::parse(batch.bytes()), from));
    return hash.digest();
  }

  Slice original_;
  ArchivedBatch archived_;
};

TEST_F(Restoring, DenseBatchGoesBackAsItWas) {
  for (const wire::Codec codec : {wire::Codec::kNone, wire::Codec::kZstd}) {
    const PreparedBatch prepared = round_trip({.base_offset = 50, .codec = codec}, {0, 1, 2});
    EXPECT_EQ(prepared.bytes.text(), original_.text());
    ASSERT_EQ(prepared.runs.size(), 1U);
    EXPECT_EQ(prepared.runs[0].source_first, 50);
    EXPECT_EQ(prepared.runs[0].count, 3U);
  }
}

TEST_F(Restoring, TranscodedBatchGetsItsCodecBack) {
  for (const wire::Codec codec : {wire::Codec::kGzip, wire::Codec::kSnappy, wire::Codec::kLz4}) {
    const PreparedBatch prepared = round_trip({.base_offset = 50, .codec = codec}, {0, 1, 2, 3});
    const wire::BatchView view = *wire::BatchView::parse(prepared.bytes.bytes());
    EXPECT_EQ(view.codec(), codec);
    EXPECT_TRUE(view.verify_crc());
    EXPECT_EQ(hash_of(prepared.bytes), hash_of(original_));
  }
}

TEST_F(Restoring, HolesAreClosedAndMapped) {
  const PreparedBatch prepared = round_trip({.base_offset = 100}, {0, 1, 5, 9, 10});
  const wire::BatchView view = *wire::BatchView::parse(prepared.bytes.bytes());
  EXPECT_TRUE(view.has_all_offsets());
  EXPECT_EQ(view.record_count(), 5);
  EXPECT_EQ(hash_of(prepared.bytes), hash_of(original_));
  ASSERT_EQ(prepared.runs.size(), 3U);
  EXPECT_EQ(prepared.runs[1].source_first, 105);
  EXPECT_EQ(prepared.runs[1].target_delta, 2);
  EXPECT_EQ(prepared.runs[2].source_first, 109);
  EXPECT_EQ(prepared.runs[2].count, 2U);
}

TEST_F(Restoring, RecordsBelowTheCoverAreLeftOut) {
  const PreparedBatch prepared = round_trip({.base_offset = 100}, {0, 1, 2, 3}, 102);
  EXPECT_EQ(prepared.record_count, 2);
  ASSERT_EQ(prepared.runs.size(), 1U);
  EXPECT_EQ(prepared.runs[0].source_first, 102);
  EXPECT_EQ(hash_of(prepared.bytes), hash_of(original_, 102));
}

TEST_F(Restoring, AppendTimeBecomesTheRecordsTime) {
  const PreparedBatch prepared = round_trip(
      {.base_offset = 10, .timestamp_type = wire::TimestampType::kLogAppendTime}, {0, 1});
  const wire::BatchView view = *wire::BatchView::parse(prepared.bytes.bytes());
  EXPECT_EQ(view.timestamp_type(), wire::TimestampType::kCreateTime);
  EXPECT_EQ(hash_of(prepared.bytes), hash_of(original_));
}

TEST_F(Restoring, ControlBatchesRestoreToNothing) {
  const Slice marker = wire::make_end_txn_batch({.marker = {true, 0}, .producer_id = 5});
  BatchArchiver archiver(Transcode::kAuto);
  const ArchivedBatch archived = *archiver.archive(marker, *wire::BatchView::parse(marker.bytes()));
  EXPECT_EQ(BatchPreparer().prepare(archived.bytes, archived.facts, 0)->record_count, 0);
}

TEST(OffsetMap, FindsTheFirstRecordAtOrBehindAnOffset) {
  store::MemoryStore store;
  OffsetMapWriter writer(*store.open_writer("map"));
  ASSERT_TRUE(writer.add({10, 0, 5}));
  ASSERT_TRUE(writer.add({15, 5, 5}));  // follows: one run with the one before
  ASSERT_TRUE(writer.add({30, 10, 2}));
  ASSERT_TRUE(writer.add({32, 20, 1}));  // the target has a hole
  ASSERT_TRUE(writer.finish());
  const OffsetMap map = *OffsetMap::open(store, "map");
  EXPECT_EQ(map.run_count(), 3U);
  const auto target = [&map](int64_t source) { return map.target_of(source, 99).value(); };
  EXPECT_EQ(target(0), 0);
  EXPECT_EQ(target(10), 0);
  EXPECT_EQ(target(19), 9);
  EXPECT_EQ(target(20), 10);
  EXPECT_EQ(target(29), 10);
  EXPECT_EQ(target(31), 11);
  EXPECT_EQ(target(32), 20);
  EXPECT_EQ(target(33), 99);
}

TEST(OffsetMap, OfAnEmptyPartitionGivesTheEnd) {
  store::MemoryStore store;
  ASSERT_TRUE(OffsetMapWriter(*store.open_writer("map")).finish());
  EXPECT_EQ(OffsetMap::open(store, "map")->target_of(5, 42).value(), 42);
}

TEST(RecordHash, TellsOrderAndNullsApart) {
  const auto hash_of = [](const std::vector<wire::NewRecord>& records) {
    wire::BatchBuilder builder({});
    for (const wire::NewRecord& record : records) EXPECT_TRUE(builder.append(record));
    wire::Compressor compressor;
    const Slice batch = *builder.finish(compressor);
    RecordHash hash;
    EXPECT_TRUE(hash.add(*wire::BatchView::parse(batch.bytes()), 0));
    return hash.digest();
  };
  const wire::NewRecord a{.timestamp_ms = 1, .key = as_bytes("a"), .value = as_bytes("1")};
  const wire::NewRecord b{.timestamp_ms = 1, .key = as_bytes("b"), .value = as_bytes("1")};
  const wire::NewRecord tombstone{.timestamp_ms = 1, .key = as_bytes("a")};
  const wire::NewRecord empty{.timestamp_ms = 1, .key = as_bytes("a"), .value = as_bytes("")};
  EXPECT_EQ(hash_of({a, b}), hash_of({a, b}));
  EXPECT_NE(hash_of({a, b}), hash_of({b, a}));
  EXPECT_NE(hash_of({tombstone}), hash_of({empty}));
}

}  // namespace
}  // namespace odradek::backup
