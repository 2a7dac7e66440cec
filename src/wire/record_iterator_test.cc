#include "wire/record_iterator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "wire/batch_builder.h"
#include "wire/control_record.h"
#include "wire/endian.h"
#include "wire/varint.h"

namespace odradek::wire {
namespace {

std::vector<uint8_t> copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

// A batch header for `count` records followed by a section of any bytes.
std::vector<uint8_t> batch_with(Bytes section, int32_t count, int32_t last_offset_delta = 1000) {
  std::vector<uint8_t> bytes(batch_layout::kHeaderBytes);
  bytes.insert(bytes.end(), section.begin(), section.end());
  store_be(bytes.data() + batch_layout::kBaseOffset, int64_t{100});
  store_be(bytes.data() + batch_layout::kLength, static_cast<int32_t>(bytes.size() - 12));
  store_be(bytes.data() + batch_layout::kMagic, kBatchMagic);
  store_be(bytes.data() + batch_layout::kLastOffsetDelta, last_offset_delta);
  store_be(bytes.data() + batch_layout::kRecordCount, count);
  return bytes;
}

struct Walk {
  int records = 0;
  Result<void> status;
};

// Reads everything there is to read, so that a sanitizer sees every byte.
Walk walk(const BatchView& batch, Bytes section, RecordMode mode = RecordMode::kFull) {
  RecordCursor cursor(batch, section, mode);
  Walk result;
  size_t touched = 0;
  while (const RecordView* record = cursor.next()) {
    ++result.records;
    for (const uint8_t byte : record->encoded) touched += byte;
    for (const RecordHeader& header : record->headers) {
      for (const char byte : header.key) touched += static_cast<uint8_t>(byte);
      for (const uint8_t byte : header.value) touched += byte;
    }
  }
  EXPECT_LT(touched, std::numeric_limits<size_t>::max());
  result.status = cursor.status();
  return result;
}

Walk walk_section(Bytes section, int32_t count, RecordMode mode = RecordMode::kFull) {
  const auto bytes = batch_with(section, count);
  return walk(BatchView::parse(bytes).value(), Bytes(bytes).subspan(61), mode);
}

// One record: length, attributes, timestamp delta, offset delta, key "k", value "v", one header.
const std::vector<uint8_t> kRecord{30, 0, 0, 0, 2, 'k', 2, 'v', 2, 6, 'h', 'd', 'r', 4, 'x', 'y'};

TEST(RecordCursor, GivesViewsIntoTheSection) {
  const auto bytes = batch_with(kRecord, 1);
  const BatchView batch = BatchView::parse(bytes).value();
  RecordCursor cursor(batch, batch.stored_records());
  const RecordView* record = cursor.next();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->offset, 100);
  EXPECT_EQ(record->key.data(), bytes.data() + 61 + 5);
  EXPECT_EQ(as_text(record->value), "v");
  EXPECT_EQ(copy(record->encoded), kRecord);
  EXPECT_EQ(copy(record->payload), std::vector<uint8_t>(kRecord.begin() + 4, kRecord.end()));
  ASSERT_EQ(record->headers.size(), 1);
  EXPECT_EQ(record->headers.begin()->key, "hdr");
  EXPECT_EQ(as_text(record->headers.begin()->value), "xy");
  EXPECT_EQ(cursor.next(), nullptr);
  EXPECT_TRUE(cursor.status());
  EXPECT_EQ(cursor.next(), nullptr) << "and again";
}

TEST(RecordCursor, SkipsKeyValueAndHeadersWhenOnlyOffsetsAreWanted) {
  const auto bytes = batch_with(kRecord, 1);
  const BatchView batch = BatchView::parse(bytes).value();
  RecordCursor cursor(batch, batch.stored_records(), RecordMode::kOffsets);
  const RecordView* record = cursor.next();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->offset, 100);
  EXPECT_TRUE(is_null(record->key));
  EXPECT_TRUE(is_null(record->value));
  EXPECT_TRUE(record->headers.empty());
  EXPECT_EQ(copy(record->encoded), kRecord);
  EXPECT_EQ(cursor.next(), nullptr);
  EXPECT_TRUE(cursor.status());
}

TEST(RecordCursor, TellsNullFromEmpty) {
  const std::vector<uint8_t> record{20, 0, 0, 0, 1, 0, 4, 2, 'n', 1, 0, 0};  // null key, "" value
  auto section = record;
  section[0] = 22;  // the record is 11 bytes behind its length
  const auto bytes = batch_with(section, 1);
  const BatchView batch = BatchView::parse(bytes).value();
  RecordCursor cursor(batch, batch.stored_records());
  const RecordView* found = cursor.next();
  ASSERT_NE(found, nullptr) << cursor.status().error().to_string();
  EXPECT_TRUE(is_null(found->key));
  EXPECT_FALSE(is_null(found->value));
  EXPECT_TRUE(found->value.empty());
  auto header = found->headers.begin();
  EXPECT_EQ(header->key, "n");
  EXPECT_TRUE(is_null(header->value));
  ++header;
  EXPECT_EQ(header->key, "");
  EXPECT_FALSE(is_null(header->value));
  ++header;
  EXPECT_TRUE(header == found->headers.end());
}

TEST(RecordCursor, FailsOnASectionCutAtAnyByte) {
  for (size_t size = 1; size < kRecord.size(); ++size) {
    const auto cut = batch_with(Bytes(kRecord).first(size), 0);
    auto bytes = cut;
    store_be(bytes.data() + batch_layout::kAttributes, uint16_t{4});  // any count may be there
    store_be(bytes.data() + batch_layout::kRecordCount, 1);
    const BatchView batch = BatchView::parse(bytes).value();
    const Walk result = walk(batch, Bytes(kRecord).first(size));
    EXPECT_EQ(result.records, 0);
    ASSERT_FALSE(result.status) << size;
    EXPECT_EQ(result.status.error().code(), Errc::kMalformed);
  }
}

TEST(RecordCursor, FailsOnAnyLengthThatRunsPast) {
  for (size_t at = 0; at < kRecord.size(); ++at) {
    for (const uint8_t value : std::vector<uint8_t>{0x7E, 0x80, 0xFF, 0x01}) {
      auto damaged = kRecord;
      damaged[at] = value;
      const Walk result = walk_section(damaged, 1);  // no bound is broken, whatever it says
      EXPECT_LE(result.records, 1);
    }
  }
  for (const size_t length_at : std::vector<size_t>{0, 4, 6, 8, 9, 13}) {
    auto damaged = kRecord;
    damaged[length_at] = 0x7E;
    EXPECT_FALSE(walk_section(damaged, 1).status) << length_at;
  }
}

TEST(RecordCursor, FailsWhenTheCountIsNotWhatIsThere) {
  auto two = kRecord;
  two.insert(two.end(), kRecord.begin(), kRecord.end());
  const Walk fewer = walk_section(two, 1);
  EXPECT_EQ(fewer.records, 1);
  ASSERT_FALSE(fewer.status);
  EXPECT_NE(fewer.status.error().message().find("16 bytes behind"), std::string_view::npos);
  const Walk more = walk_section(two, 3);
  EXPECT_EQ(more.records, 2);
  EXPECT_FALSE(more.status);
  EXPECT_TRUE(walk_section(two, 2).status);
}

TEST(RecordCursor, FailsOnOffsetsOutsideOfTheBatch) {
  for (const uint8_t delta : std::vector<uint8_t>{1 /* -1 */, 8 /* 4 */}) {
    auto section = kRecord;
    section[3] = delta;
    const auto bytes = batch_with(section, 1, 3);
    EXPECT_FALSE(walk(BatchView::parse(bytes).value(), Bytes(bytes).subspan(61)).status);
  }
}

TEST(RecordCursor, TakesTimestampsThatWrap) {
  std::vector<uint8_t> section(64);
  uint8_t* at = section.data() + 1;
  *at++ = 0;
  at = write_varint(at, std::numeric_limits<int64_t>::max());
  for (const int value : {0, -1, -1, 0}) at = write_varint(at, value);
  section.resize(static_cast<size_t>(at - section.data()));
  write_varint(section.data(), static_cast<int64_t>(section.size() - 1));
  auto bytes = batch_with(section, 1);
  store_be(bytes.data() + batch_layout::kBaseTimestamp, int64_t{2});
  const BatchView batch = BatchView::parse(bytes).value();
  RecordCursor cursor(batch, batch.stored_records());
  const RecordView* record = cursor.next();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->timestamp_ms, std::numeric_limits<int64_t>::min() + 1);
}

// Random bytes in place of a section: an answer, whatever it is, and nothing read out of bounds.
TEST(RecordCursor, SurvivesRandomBytes) {
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<uint8_t> section(7 + random() % 60);
    // Small numbers are the likely lengths.
    std::ranges::generate(section, [&] {
      return static_cast<uint8_t>(random() % 3 == 0 ? random() : random() % 24);
    });
    const auto mode = round % 2 == 0 ? RecordMode::kFull : RecordMode::kOffsets;
    const auto most = static_cast<int32_t>(section.size() / 7);
    const Walk result = walk_section(
        section, 1 + static_cast<int32_t>(random() % static_cast<uint32_t>(most)), mode);
    EXPECT_LE(result.records, most);
  }
}

TEST(RecordsOf, LimitsWhatABombMayBecome) {
  BatchBuilder builder({.codec = Codec::kZstd});
  const std::vector<uint8_t> zeros(10'000'000);
  ASSERT_TRUE(builder.append({.timestamp_ms = 0, .value = zeros}));
  Compressor compressor;
  const Slice bytes = builder.finish(compressor).value();
  EXPECT_LT(bytes.size(), 2000U);
  const BatchView batch = BatchView::parse(bytes.bytes()).value();
  Decompressor decompressor;
  Buffer scratch;
  const Result<Bytes> refused = records_of(batch, decompressor, scratch, 1'000'000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kLimitExceeded);
  EXPECT_TRUE(records_of(batch, decompressor, scratch));
}

TEST(RecordsOf, IsTheStoredSectionWhenNotCompressed) {
  const auto bytes = batch_with(kRecord, 1);
  const BatchView batch = BatchView::parse(bytes).value();
  Decompressor decompressor;
  Buffer scratch;
  EXPECT_EQ(records_of(batch, decompressor, scratch).value().data(), bytes.data() + 61);
}

// Compaction leaves a header alone to keep a producer's last sequence.
TEST(RecordsOf, TakesABatchThatCompactionEmptied) {
  auto bytes = batch_with({}, 0);
  store_be(bytes.data() + batch_layout::kAttributes, uint16_t{3});
  const BatchView batch = BatchView::parse(bytes).value();
  Decompressor decompressor;
  Buffer scratch;
  const Result<Bytes> section = records_of(batch, decompressor, scratch);
  ASSERT_TRUE(section);
  const Walk result = walk(batch, *section);
  EXPECT_EQ(result.records, 0);
  EXPECT_TRUE(result.status);
}

TEST(ControlRecord, RefusesShortKeysAndValuesAndKeepsUnknownTypes) {
  const std::vector<uint8_t> key{0, 0, 0, 1};
  const std::vector<uint8_t> later{0, 9, 0, 42, 1, 2};
  const std::vector<uint8_t> negative{0xFF, 0xFF, 0, 1};
  const std::vector<uint8_t> value{0, 0, 0, 0, 0, 5};
  RecordView record;
  EXPECT_FALSE(control_type(record)) << "no key";
  record.key = Bytes(key).first(3);
  EXPECT_FALSE(control_type(record));
  record.key = negative;
  EXPECT_FALSE(control_type(record));
  record.key = later;
  EXPECT_EQ(static_cast<int>(control_type(record).value()), 42);
  EXPECT_FALSE(end_txn_marker(record)) << "not a marker";
  record.key = key;
  EXPECT_EQ(control_type(record).value(), ControlType::kCommit);
  EXPECT_FALSE(end_txn_marker(record)) << "no value";
  record.value = Bytes(value).first(5);
  EXPECT_FALSE(end_txn_marker(record));
  record.value = value;
  EXPECT_EQ(end_txn_marker(record).value().coordinator_epoch, 5);
}

}  // namespace
}  // namespace odradek::wire
