#include "backup/engine/archived_batch.h"

#include <gtest/gtest.h>

#include "backup/engine/aborted_filter.h"
#include "backup/engine/topic_filter.h"
#include "wire/batch_builder.h"
#include "wire/control_record.h"

namespace odradek::backup {
namespace {

Slice batch_of(wire::BatchOptions options, const std::vector<TimestampMs>& timestamps,
               size_t value_bytes = 200) {
  wire::BatchBuilder builder(options);
  const std::string value(value_bytes, 'v');
  for (const TimestampMs timestamp : timestamps) {
    EXPECT_TRUE(builder.append({.timestamp_ms = timestamp, .value = as_bytes(value)}));
  }
  wire::Compressor compressor;
  return *builder.finish(compressor);
}

wire::BatchView view_of(const Slice& bytes) { return *wire::BatchView::parse(bytes.bytes()); }

TEST(BatchArchiver, FindsTheSmallestTimestampWhereverItIs) {
  BatchArchiver archiver(Transcode::kNever);
  const Slice bytes = batch_of({.base_offset = 7}, {500, 100, 900});
  const Result<ArchivedBatch> archived = archiver.archive(bytes, view_of(bytes));
  ASSERT_TRUE(archived) << archived.error().to_string();
  EXPECT_EQ(archived->facts.min_timestamp, 100);
  EXPECT_EQ(archived->facts.max_timestamp, 900);
  EXPECT_EQ(archived->facts.base_offset, 7);
  EXPECT_EQ(archived->facts.last_offset, 9);
  EXPECT_EQ(archived->bytes.text(), bytes.text());
}

TEST(BatchArchiver, TranscodesAllButZstdAndRemembersTheCodec) {
  for (const wire::Codec codec : {wire::Codec::kGzip, wire::Codec::kSnappy, wire::Codec::kLz4}) {
    BatchArchiver archiver(Transcode::kAuto);
    const Slice bytes = batch_of({.codec = codec}, std::vector<TimestampMs>(50, 1));
    ASSERT_EQ(view_of(bytes).codec(), codec);
    const Result<ArchivedBatch> archived = archiver.archive(bytes, view_of(bytes));
    ASSERT_TRUE(archived) << archived.error().to_string();
    const wire::BatchView stored = view_of(archived->bytes);
    EXPECT_EQ(stored.codec(), wire::Codec::kNone);
    EXPECT_TRUE(stored.verify_crc());
    EXPECT_EQ(stored.record_count(), 50);
    EXPECT_NE(archived->facts.flags & kBatchTranscoded, 0);
    EXPECT_EQ((archived->facts.flags & kBatchCodecMask) >> kBatchCodecShift,
              static_cast<int>(codec));
  }
  BatchArchiver archiver(Transcode::kAuto);
  const Slice zstd = batch_of({.codec = wire::Codec::kZstd}, std::vector<TimestampMs>(50, 1));
  EXPECT_EQ(archiver.archive(zstd, view_of(zstd))->bytes.text(), zstd.text());
}

TEST(BatchArchiver, RefusesABatchWithAWrongCrc) {
  BatchArchiver archiver(Transcode::kAuto);
  std::string damaged(batch_of({}, {1, 2, 3}).text());
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  const Slice bytes = Slice::copy_of(damaged);
  const Result<ArchivedBatch> archived = archiver.archive(bytes, view_of(bytes));
  ASSERT_FALSE(archived);
  EXPECT_EQ(archived.error().code(), Errc::kChecksum);
}

TEST(BatchArchiver, TellsMarkersApart) {
  BatchArchiver archiver(Transcode::kAuto);
  for (const bool committed : {true, false}) {
    const Slice marker = wire::make_end_txn_batch(
        {.marker = {committed, 0}, .producer_id = 5, .producer_epoch = 0, .base_offset = 3});
    const Result<ArchivedBatch> archived = archiver.archive(marker, view_of(marker));
    ASSERT_TRUE(archived) << archived.error().to_string();
    EXPECT_EQ(archived->facts.flags & kBatchControlMask,
              committed ? kBatchCommitMarker : kBatchAbortMarker);
  }
}

TEST(AbortedFilter, HidesAnAbortedTransactionUntilItsMarker) {
  AbortedFilter filter;
  filter.add(std::vector<AbortedTransaction>{{.producer_id = 9, .first_offset = 10}});
  const auto txn = [](int64_t offset, int64_t producer) {
    return batch_of({.base_offset = offset,
                     .transactional = true,
                     .producer_id = producer,
                     .producer_epoch = 0,
                     .base_sequence = 0},
                    {1});
  };
  const Slice before = txn(9, 9);
  const Slice inside = txn(10, 9);
  const Slice other = txn(11, 8);
  const Slice behind = txn(13, 9);
  EXPECT_FALSE(filter.is_aborted(view_of(before)));
  EXPECT_TRUE(filter.is_aborted(view_of(inside)));
  EXPECT_FALSE(filter.is_aborted(view_of(other)));
  filter.on_abort_marker(9);
  EXPECT_FALSE(filter.is_aborted(view_of(behind)));
}

TEST(AbortedFilter, ListsThatOverlapCountOnce) {
  AbortedFilter filter;
  const std::vector<AbortedTransaction> list = {{.producer_id = 9, .first_offset = 10}};
  filter.add(list);
  const Slice inside = batch_of({.base_offset = 10,
                                 .transactional = true,
                                 .producer_id = 9,
                                 .producer_epoch = 0,
                                 .base_sequence = 0},
                                {1});
  EXPECT_TRUE(filter.is_aborted(view_of(inside)));
  filter.on_abort_marker(9);
  filter.add(list);
  const Slice next = batch_of({.base_offset = 12,
                               .transactional = true,
                               .producer_id = 9,
                               .producer_epoch = 0,
                               .base_sequence = 1},
                              {1});
  EXPECT_FALSE(filter.is_aborted(view_of(next)));
}

TEST(NameFilter, TakesNamesGlobsAndExpressions) {
  const NameFilter filter = *NameFilter::make({"orders", "log.*", "~t[0-9]+"}, {"log.debug"});
  for (const char* name : {"orders", "log.info", "log.", "t1", "t42"}) {
    EXPECT_TRUE(filter.matches(name)) << name;
  }
  for (const char* name : {"order", "orders2", "log.debug", "t", "t1x", "__consumer_offsets"}) {
    EXPECT_FALSE(filter.matches(name)) << name;
  }
}

TEST(NameFilter, MeansAllButInternalTopicsByDefault) {
  const NameFilter filter;
  EXPECT_TRUE(filter.matches("orders"));
  EXPECT_FALSE(filter.matches("__consumer_offsets"));
}

TEST(NameFilter, RefusesABrokenExpression) {
  const Result<NameFilter> filter = NameFilter::make({"~(["}, {});
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().code(), Errc::kConfig);
}

}  // namespace
}  // namespace odradek::backup
