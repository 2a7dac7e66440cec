#include "backup/restore/batch_preparer.h"

#include <gtest/gtest.h>

#include "backup/engine/archived_batch.h"
#include "backup/restore/offset_headers.h"
#include "wire/control_record.h"
#include "wire/murmur2.h"
#include "wire/record_iterator.h"

namespace odradek::backup {
namespace {

// A record as a consumer sees it.
struct Seen {
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  std::string payload;
};

std::vector<Seen> records_of(const Slice& bytes) {
  const wire::BatchView batch = *wire::BatchView::parse(bytes.bytes());
  EXPECT_TRUE(batch.verify_crc());
  wire::Decompressor decompressor;
  Buffer scratch;
  const Bytes decoded = *wire::records_of(batch, decompressor, scratch);
  wire::RecordCursor cursor(batch, decoded);
  std::vector<Seen> seen;
  while (const wire::RecordView* record = cursor.next()) {
    seen.push_back({record->offset, record->timestamp_ms, std::string(as_text(record->payload))});
  }
  EXPECT_TRUE(cursor.status());
  return seen;
}

void expect_same_content(const std::vector<Seen>& a, const std::vector<Seen>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].timestamp_ms, b[i].timestamp_ms) << i;
    EXPECT_EQ(a[i].payload, b[i].payload) << i;
  }
}

class Preparing : public testing::Test {
 protected:
  // Archives a batch with records at the offset deltas, timestamps 1000 + delta.
  ArchivedBatch archive(wire::BatchOptions options, const std::vector<int32_t>& deltas) {
    wire::BatchBuilder builder(options);
    for (const int32_t delta : deltas) {
      const std::string key = "key " + std::to_string(delta);
      const std::string value = "value " + std::to_string(delta) + std::string(100, '.');
      const wire::RecordHeader headers[] = {{"h", as_bytes("1")}, {"h", Bytes{}}};
      EXPECT_TRUE(builder.append_at(delta, {.timestamp_ms = 1000 + delta,
                                            .key = as_bytes(key),
                                            .value = as_bytes(value),
                                            .headers = headers}));
    }
    wire::Compressor compressor;
    original_ = *builder.finish(compressor);
    BatchArchiver archiver(Transcode::kAuto);
    return *archiver.archive(original_, *wire::BatchView::parse(original_.bytes()));
  }

  std::vector<PreparedBatch> prepare(const std::vector<ArchivedBatch>& batches) {
    BatchPreparer preparer(options_);
    paths_.clear();
    for (const ArchivedBatch& batch : batches) {
      const Result<RestorePath> path = preparer.add(batch.bytes, batch.facts, scope_);
      EXPECT_TRUE(path) << path.error().to_string();
      paths_.push_back(*path);
    }
    EXPECT_TRUE(preparer.flush());
    return preparer.take();
  }
  PreparedBatch prepare_one(const ArchivedBatch& batch) {
    std::vector<PreparedBatch> prepared = prepare({batch});
    EXPECT_EQ(prepared.size(), 1U);
    return prepared.empty() ? PreparedBatch{} : prepared[0];
  }

  PrepareOptions options_;
  BatchScope scope_;
  Slice original_;
  std::vector<RestorePath> paths_;
};

TEST_F(Preparing, DenseBatchGoesBackAsItWas) {
  for (const wire::Codec codec : {wire::Codec::kNone, wire::Codec::kZstd}) {
    const PreparedBatch prepared =
        prepare_one(archive({.base_offset = 50, .codec = codec}, {0, 1, 2}));
    EXPECT_EQ(prepared.bytes.text(), original_.text());
    ASSERT_EQ(prepared.runs.size(), 1U);
    EXPECT_EQ(prepared.runs[0].source_first, 50);
    EXPECT_EQ(prepared.runs[0].count, 3U);
    EXPECT_EQ(paths_[0], RestorePath::kRaw);
  }
}

TEST_F(Preparing, TranscodedBatchGetsItsCodecBack) {
  for (const wire::Codec codec : {wire::Codec::kGzip, wire::Codec::kSnappy, wire::Codec::kLz4}) {
    const PreparedBatch prepared =
        prepare_one(archive({.base_offset = 50, .codec = codec}, {0, 1, 2, 3}));
    EXPECT_EQ(wire::BatchView::parse(prepared.bytes.bytes())->codec(), codec);
    expect_same_content(records_of(prepared.bytes), records_of(original_));
    EXPECT_EQ(paths_[0], RestorePath::kRecompress);
  }
}

TEST_F(Preparing, HolesAreClosedAndMapped) {
  const PreparedBatch prepared = prepare_one(archive({.base_offset = 100}, {0, 1, 5, 9, 10}));
  EXPECT_TRUE(wire::BatchView::parse(prepared.bytes.bytes())->has_all_offsets());
  expect_same_content(records_of(prepared.bytes), records_of(original_));
  ASSERT_EQ(prepared.runs.size(), 3U);
  EXPECT_EQ(prepared.runs[1].source_first, 105);
  EXPECT_EQ(prepared.runs[1].target_delta, 2);
  EXPECT_EQ(prepared.runs[2].source_first, 109);
  EXPECT_EQ(prepared.runs[2].count, 2U);
  EXPECT_EQ(paths_[0], RestorePath::kRenumber);
}

TEST_F(Preparing, RecordsOutsideOfTheScopeAreLeftOut) {
  scope_.first_offset = 102;
  scope_.end_offset = 104;
  const PreparedBatch prepared = prepare_one(archive({.base_offset = 100}, {0, 1, 2, 3, 4}));
  EXPECT_EQ(prepared.record_count, 2);
  ASSERT_EQ(prepared.runs.size(), 1U);
  EXPECT_EQ(prepared.runs[0].source_first, 102);
  EXPECT_EQ(prepared.runs[0].count, 2U);
}

TEST_F(Preparing, AppendTimeBecomesTheRecordsTime) {
  const PreparedBatch prepared = prepare_one(
      archive({.base_offset = 10, .timestamp_type = wire::TimestampType::kLogAppendTime}, {0, 1}));
  EXPECT_EQ(wire::BatchView::parse(prepared.bytes.bytes())->timestamp_type(),
            wire::TimestampType::kCreateTime);
  for (const Seen& record : records_of(prepared.bytes)) EXPECT_EQ(record.timestamp_ms, 1001);
}

TEST_F(Preparing, ControlAndAbortedBatchesRestoreToNothing) {
  const Slice marker = wire::make_end_txn_batch({.marker = {true, 0}, .producer_id = 5});
  BatchArchiver archiver(Transcode::kAuto);
  const ArchivedBatch control = *archiver.archive(marker, *wire::BatchView::parse(marker.bytes()));
  const ArchivedBatch aborted = archive({.base_offset = 10,
                                         .transactional = true,
                                         .producer_id = 5,
                                         .producer_epoch = 0,
                                         .base_sequence = 0},
                                        {0, 1});
  const std::vector<OffsetRange> ranges = {{2, 4}, {10, 11}};
  scope_.aborted = ranges;
  EXPECT_TRUE(prepare({control, aborted}).empty());
  options_.keeps_aborted = true;
  EXPECT_EQ(prepare({control, aborted}).size(), 1U);
}

TEST_F(Preparing, BatchesAreCutByTheTimeOfEachRecord) {
  options_.window = {1001, 1002};
  const PreparedBatch prepared = prepare_one(archive({.base_offset = 10}, {0, 1, 2, 3}));
  EXPECT_EQ(paths_[0], RestorePath::kRecords);
  ASSERT_EQ(prepared.runs.size(), 1U);
  EXPECT_EQ(prepared.runs[0].source_first, 11);
  EXPECT_EQ(prepared.runs[0].count, 2U);
  options_.window = {1000, 1003};
  prepare_one(archive({.base_offset = 10}, {0, 1, 2, 3}));
  EXPECT_EQ(paths_[0], RestorePath::kRaw);
  options_.window = {1004, 2000};
  EXPECT_TRUE(prepare({archive({.base_offset = 10}, {0, 1, 2, 3})}).empty());
}

TEST_F(Preparing, SmallBatchesOfOneCodecAreJoined) {
  options_.coalesces = true;
  const std::vector<ArchivedBatch> batches = {
      archive({.base_offset = 0, .codec = wire::Codec::kLz4}, {0, 1}),
      archive({.base_offset = 2, .codec = wire::Codec::kLz4}, {0, 3}),
      archive({.base_offset = 9, .codec = wire::Codec::kNone}, {0, 1})};
  const std::vector<PreparedBatch> prepared = prepare(batches);
  ASSERT_EQ(prepared.size(), 2U);
  EXPECT_EQ(prepared[0].record_count, 4);
  ASSERT_EQ(prepared[0].runs.size(), 2U);
  EXPECT_EQ(prepared[0].runs[0].count, 3U);
  EXPECT_EQ(prepared[0].runs[1].source_first, 5);
  EXPECT_EQ(wire::BatchView::parse(prepared[0].bytes.bytes())->codec(), wire::Codec::kLz4);
  EXPECT_EQ(prepared[1].record_count, 2);
}

TEST_F(Preparing, JoinedBatchesStayBelowTheLimit) {
  options_.coalesces = true;
  options_.batch_bytes_max = 400;
  std::vector<ArchivedBatch> batches;
  for (int i = 0; i < 10; ++i) batches.push_back(archive({.base_offset = i}, {0}));
  const std::vector<PreparedBatch> prepared = prepare(batches);
  EXPECT_GT(prepared.size(), 3U);
  for (const PreparedBatch& batch : prepared) EXPECT_LE(batch.bytes.size(), 400U);
}

TEST_F(Preparing, KeysGoWhereJavasProducerPutsThem) {
  options_.spread = Spread::kByKey;
  options_.spread_partitions = 5;
  std::map<int32_t, int32_t> counts;
  for (const PreparedBatch& batch :
       prepare({archive({.base_offset = 0}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})})) {
    counts[batch.target_partition] += batch.record_count;
  }
  std::map<int32_t, int32_t> expected;
  for (int i = 0; i < 10; ++i) {
    ++expected[wire::partition_for_key(as_bytes("key " + std::to_string(i)), 5)];
  }
  EXPECT_EQ(counts, expected);
}

TEST_F(Preparing, OffsetHeadersAreAddedAndStripped) {
  options_.adds_offset_headers = true;
  options_.source_cluster = "origin";
  scope_.source_partition = 7;
  const PreparedBatch prepared = prepare_one(archive({.base_offset = 40}, {0, 2}));
  const wire::BatchView view = *wire::BatchView::parse(prepared.bytes.bytes());
  wire::RecordCursor cursor(view, view.stored_records());
  ASSERT_NE(cursor.next(), nullptr);
  const wire::RecordView* second = cursor.next();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(original_offset(second->headers), 42);
  std::vector<std::string> names;
  for (const wire::RecordHeader& header : second->headers) names.emplace_back(header.key);
  EXPECT_EQ(names, (std::vector<std::string>{"h", "h", "x-original-offset", "x-original-timestamp",
                                             "x-source-partition", "x-source-cluster"}));

  BatchArchiver archiver(Transcode::kAuto);
  const ArchivedBatch again = *archiver.archive(prepared.bytes, view);
  const std::vector<Seen> before = records_of(original_);
  options_ = {};
  options_.strips_offset_headers = true;
  expect_same_content(records_of(prepare_one(again).bytes), before);
}

TEST_F(Preparing, MakesTheSameBatchesEachTime) {
  options_.coalesces = true;
  const std::vector<ArchivedBatch> batches = {
      archive({.base_offset = 0, .codec = wire::Codec::kGzip}, {0, 1}),
      archive({.base_offset = 2, .codec = wire::Codec::kZstd}, {0, 3})};
  const std::vector<PreparedBatch> once = prepare(batches);
  const std::vector<PreparedBatch> twice = prepare(batches);
  ASSERT_EQ(once.size(), twice.size());
  for (size_t i = 0; i < once.size(); ++i) {
    EXPECT_EQ(once[i].bytes.text(), twice[i].bytes.text());
  }
}

}  // namespace
}  // namespace odradek::backup
