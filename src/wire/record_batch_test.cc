#include "wire/record_batch.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "wire/batch_builder.h"
#include "wire/batch_rewrite.h"
#include "wire/endian.h"

namespace odradek::wire {
namespace {

std::vector<uint8_t> make_batch(int64_t base_offset, int records) {
  BatchBuilder builder({.base_offset = base_offset});
  for (int i = 0; i < records; ++i) {
    const std::string value = "value " + std::to_string(i);
    EXPECT_TRUE(builder.append({.timestamp_ms = 100 + i, .value = as_bytes(value)}));
  }
  Compressor compressor;
  const Slice batch = builder.finish(compressor).value();
  return {batch.data(), batch.data() + batch.size()};
}

template <class T>
Result<BatchView> parse_with(size_t at, T value, std::vector<uint8_t> batch = make_batch(5, 3)) {
  store_be(batch.data() + at, value);
  return BatchView::parse(batch);
}

Errc code_of(const auto& result) { return result ? Errc{0} : result.error().code(); }

TEST(BatchView, SeesOneBatchAndLeavesTheRest) {
  auto bytes = make_batch(5, 3);
  const size_t size = bytes.size();
  bytes.insert(bytes.end(), 100, 0xAB);
  const BatchView batch = BatchView::parse(bytes).value();
  EXPECT_EQ(batch.size(), size);
  EXPECT_EQ(batch.stored_records().size(), size - 61);
  EXPECT_EQ(batch.base_offset(), 5);
  EXPECT_EQ(batch.last_offset(), 7);
  EXPECT_TRUE(batch.verify_crc());
}

TEST(BatchView, RefusesOldMessageFormatsClearly) {
  for (const int8_t magic : std::vector<int8_t>{0, 1}) {
    const auto batch = parse_with(batch_layout::kMagic, magic);
    EXPECT_EQ(code_of(batch), Errc::kUnsupported);
    EXPECT_NE(batch.error().message().find("dropped by Kafka 4"), std::string_view::npos);
  }
  // The smallest old message is shorter than a batch header.
  const auto old = make_batch(5, 3);
  auto short_one = std::vector<uint8_t>(old.begin(), old.begin() + 26);
  store_be(short_one.data() + batch_layout::kMagic, int8_t{1});
  EXPECT_EQ(code_of(BatchView::parse(short_one)), Errc::kUnsupported);
  EXPECT_EQ(code_of(parse_with(batch_layout::kMagic, int8_t{3})), Errc::kMalformed);
}

TEST(BatchView, RefusesSizesThatCannotBe) {
  for (const int32_t length : {-1, 0, 48, std::numeric_limits<int32_t>::min()}) {
    EXPECT_EQ(code_of(parse_with(batch_layout::kLength, length)), Errc::kMalformed) << length;
  }
  EXPECT_EQ(code_of(parse_with(batch_layout::kLength, std::numeric_limits<int32_t>::max())),
            Errc::kMalformed);
}

TEST(BatchView, RefusesFieldsThatContradictEachOther) {
  EXPECT_EQ(code_of(parse_with(batch_layout::kRecordCount, -1)), Errc::kMalformed);
  EXPECT_EQ(code_of(parse_with(batch_layout::kRecordCount, 4)), Errc::kMalformed);
  EXPECT_EQ(code_of(parse_with(batch_layout::kLastOffsetDelta, -1)), Errc::kMalformed);
  EXPECT_EQ(code_of(parse_with(batch_layout::kBaseOffset, int64_t{-1})), Errc::kMalformed);
  EXPECT_EQ(code_of(parse_with(batch_layout::kBaseOffset, std::numeric_limits<int64_t>::max())),
            Errc::kMalformed);
  EXPECT_TRUE(parse_with(batch_layout::kBaseOffset, std::numeric_limits<int64_t>::max() - 3));
  // More records than the bytes of an uncompressed section can hold.
  auto batch = make_batch(5, 3);
  store_be(batch.data() + batch_layout::kLastOffsetDelta, 1'000'000);
  EXPECT_EQ(code_of(parse_with(batch_layout::kRecordCount, 1'000'000, batch)), Errc::kMalformed);
}

TEST(BatchView, RefusesCodecsKafkaDoesNotKnow) {
  for (const uint16_t codec : std::vector<uint16_t>{5, 6, 7}) {
    EXPECT_EQ(code_of(parse_with(batch_layout::kAttributes, codec)), Errc::kUnsupported);
  }
}

TEST(BatchView, TellsADamagedBatchByItsCrc) {
  auto bytes = make_batch(5, 3);
  bytes.back() ^= 1;
  const Result<void> verified = BatchView::parse(bytes).value().verify_crc();
  EXPECT_EQ(code_of(verified), Errc::kChecksum);
  EXPECT_NE(verified.error().message().find("offset 5"), std::string_view::npos);
}

TEST(BatchView, SequencesWrapToZero) {
  EXPECT_EQ(advance_sequence(0, 5), 5);
  EXPECT_EQ(advance_sequence(2'147'483'647, 1), 0);
  EXPECT_EQ(advance_sequence(2'147'483'645, 7), 4);
  EXPECT_EQ(BatchView::parse(make_batch(0, 3)).value().last_sequence(), kNoSequence);
}

TEST(BatchCursor, WalksARunAndStopsBeforeACutBatch) {
  std::vector<uint8_t> run;
  std::vector<size_t> ends{0};
  for (int i = 0; i < 5; ++i) {
    const auto batch = make_batch(int64_t{10} * i, 1 + i);
    run.insert(run.end(), batch.begin(), batch.end());
    ends.push_back(run.size());
  }
  for (size_t size = 0; size <= run.size(); ++size) {
    BatchCursor cursor(Bytes(run).first(size));
    size_t seen = 0;
    while (true) {
      const std::optional<BatchView> batch = cursor.next().value();
      if (!batch) break;
      EXPECT_EQ(batch->base_offset(), static_cast<int64_t>(10 * seen));
      ++seen;
    }
    ASSERT_LE(ends[seen], size);
    ASSERT_EQ(cursor.rest().size(), size - ends[seen]);
    const auto cut_size = cursor.cut_batch_bytes();
    ASSERT_EQ(cut_size.has_value(), cursor.rest().size() >= 12);
    if (cut_size) EXPECT_EQ(*cut_size, ends[seen + 1] - ends[seen]);
  }
}

TEST(BatchCursor, StaysWhereABadBatchBegins) {
  auto run = make_batch(0, 2);
  const size_t first = run.size();
  const auto second = make_batch(2, 2);
  run.insert(run.end(), second.begin(), second.end());
  run[first + batch_layout::kMagic] = 9;
  BatchCursor cursor(run);
  ASSERT_TRUE(cursor.next());
  EXPECT_EQ(code_of(cursor.next()), Errc::kMalformed);
  EXPECT_EQ(code_of(cursor.next()), Errc::kMalformed);
  EXPECT_EQ(cursor.rest().size(), second.size());
}

TEST(BatchCursor, RefusesAnOldMessageEvenWhenCut) {
  auto run = make_batch(0, 2);
  run[batch_layout::kMagic] = 1;
  BatchCursor cursor(Bytes(run).first(20));
  EXPECT_EQ(code_of(cursor.next()), Errc::kUnsupported);
}

TEST(ForEachBatch, VisitsEachAndGivesTheCutEnd) {
  auto run = make_batch(0, 2);
  const auto second = make_batch(2, 4);
  run.insert(run.end(), second.begin(), second.end());
  run.insert(run.end(), second.begin(), second.begin() + 30);
  int records = 0;
  const Result<Bytes> rest =
      for_each_batch(run, [&](const BatchView& batch) { records += batch.record_count(); });
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->size(), 30U);
  EXPECT_EQ(records, 6);
}

TEST(ForEachBatch, EndsAtTheVisitorsError) {
  const auto run = make_batch(0, 2);
  const auto rest =
      for_each_batch(run, [](const BatchView&) -> Result<void> { return Error(Errc::kCancelled); });
  EXPECT_EQ(code_of(rest), Errc::kCancelled);
}

TEST(PeekBatchSize, NeedsTwelveBytes) {
  const auto batch = make_batch(0, 2);
  EXPECT_EQ(peek_batch_size(Bytes(batch).first(11)).value(), std::nullopt);
  EXPECT_EQ(peek_batch_size(Bytes(batch).first(12)).value(), batch.size());
  auto bad = batch;
  store_be(bad.data() + batch_layout::kLength, int32_t{5});
  EXPECT_EQ(code_of(peek_batch_size(bad)), Errc::kMalformed);
}

}  // namespace
}  // namespace odradek::wire
