#include "wire/batch_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "wire/record_iterator.h"

namespace odradek::wire {
namespace {

using Text = std::optional<std::string>;

// A record that owns what a NewRecord borrows.
struct OwnedRecord {
  int64_t timestamp_ms = 0;
  Text key;
  Text value;
  std::vector<std::pair<std::string, Text>> headers;

  bool operator==(const OwnedRecord&) const = default;
};

Bytes borrowed(const Text& text) { return text ? as_bytes(*text) : Bytes(); }
Text owned(Bytes bytes) {
  return is_null(bytes) ? std::nullopt : Text(std::string(as_text(bytes)));
}

struct Borrowed {
  std::vector<RecordHeader> headers;
  NewRecord record;

  explicit Borrowed(const OwnedRecord& from) {
    for (const auto& [key, value] : from.headers) headers.push_back({key, borrowed(value)});
    record = {.timestamp_ms = from.timestamp_ms,
              .key = borrowed(from.key),
              .value = borrowed(from.value),
              .headers = headers};
  }
};

Result<std::vector<OwnedRecord>> read_all(const BatchView& batch) {
  Decompressor decompressor;
  Buffer scratch;
  ODK_TRY(const Bytes records, records_of(batch, decompressor, scratch));
  std::vector<OwnedRecord> found;
  RecordCursor cursor(batch, records);
  while (const RecordView* record = cursor.next()) {
    OwnedRecord& one = found.emplace_back();
    one = {record->timestamp_ms, owned(record->key), owned(record->value), {}};
    for (const RecordHeader& header : record->headers) {
      one.headers.emplace_back(header.key, owned(header.value));
    }
  }
  ODK_TRY_VOID(cursor.status());
  return found;
}

OwnedRecord random_record(std::mt19937& random) {
  const auto text = [&random](size_t longest) -> Text {
    if (random() % 8 == 0) return std::nullopt;
    std::string bytes(random() % (longest + 1), '\0');
    std::ranges::generate(bytes, [&] { return static_cast<char>(random() % 64); });
    return bytes;
  };
  OwnedRecord record{.timestamp_ms = static_cast<int64_t>(random()) * 1000 - 1'000'000'000,
                     .key = text(40),
                     .value = text(random() % 16 == 0 ? 20'000 : 200),
                     .headers = {}};
  for (size_t left = random() % 4; left > 0; --left) {
    record.headers.emplace_back(text(10).value_or(""), text(100));
  }
  return record;
}

Slice build(const BatchOptions& options, const std::vector<OwnedRecord>& records) {
  BatchBuilder builder(options);
  for (const OwnedRecord& record : records) {
    EXPECT_TRUE(builder.append(Borrowed(record).record));
  }
  Compressor compressor;
  return builder.finish(compressor).value();
}

TEST(BatchBuilder, WritesWhatTheCursorReadsForEveryCodec) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    std::vector<OwnedRecord> records(1 + random() % 100);
    std::ranges::generate(records, [&] { return random_record(random); });
    BatchOptions options;
    options.codec = static_cast<Codec>(seed % 5);
    const Slice bytes = build(options, records);
    const BatchView batch = BatchView::parse(bytes.bytes()).value();
    ASSERT_TRUE(batch.verify_crc());
    EXPECT_EQ(batch.size(), bytes.size());
    EXPECT_EQ(batch.record_count(), static_cast<int32_t>(records.size()));
    EXPECT_TRUE(batch.has_all_offsets());
    EXPECT_EQ(batch.base_timestamp(), records.front().timestamp_ms);
    EXPECT_EQ(batch.max_timestamp(),
              std::ranges::max(records, {}, &OwnedRecord::timestamp_ms).timestamp_ms);
    const auto found = read_all(batch);
    ASSERT_TRUE(found) << found.error().to_string();
    EXPECT_EQ(*found, records) << "seed " << seed;
  }
}

TEST(BatchBuilder, PutsItsOptionsIntoTheHeader) {
  const BatchOptions options{.base_offset = 77,
                             .leader_epoch = 5,
                             .timestamp_type = TimestampType::kLogAppendTime,
                             .transactional = true,
                             .control = true,
                             .producer_id = 4000,
                             .producer_epoch = 3,
                             .base_sequence = 2'147'483'647};
  const Slice bytes =
      build(options, {{.timestamp_ms = 9, .key = "k", .value = "v", .headers = {}},
                      {.timestamp_ms = 4, .key = "k", .value = "v", .headers = {}}});
  const BatchView batch = BatchView::parse(bytes.bytes()).value();
  EXPECT_EQ(batch.base_offset(), 77);
  EXPECT_EQ(batch.last_offset(), 78);
  EXPECT_EQ(batch.next_offset(), 79);
  EXPECT_EQ(batch.leader_epoch(), 5);
  EXPECT_EQ(batch.timestamp_type(), TimestampType::kLogAppendTime);
  EXPECT_TRUE(batch.is_transactional());
  EXPECT_TRUE(batch.is_control());
  EXPECT_FALSE(batch.has_delete_horizon());
  EXPECT_EQ(batch.producer_id(), 4000);
  EXPECT_EQ(batch.producer_epoch(), 3);
  EXPECT_EQ(batch.base_sequence(), 2'147'483'647);
  EXPECT_EQ(batch.last_sequence(), 0) << "sequences wrap to zero";
  EXPECT_EQ(batch.max_timestamp(), 9);
}

TEST(BatchBuilder, TakesTheProducerUpToTheLastMoment) {
  BatchBuilder builder({});
  ASSERT_TRUE(builder.append({.timestamp_ms = 1, .value = as_bytes("v")}));
  builder.options().producer_id = 12;
  builder.options().producer_epoch = 0;
  builder.options().base_sequence = 40;
  Compressor compressor;
  const Slice bytes = builder.finish(compressor).value();
  EXPECT_EQ(BatchView::parse(bytes.bytes()).value().base_sequence(), 40);
}

TEST(BatchBuilder, KnowsTheSizeBeforehand) {
  std::mt19937 random(1);
  BatchBuilder builder({});
  EXPECT_EQ(builder.size(), 61U);
  for (int i = 0; i < 300; ++i) {
    const OwnedRecord record = random_record(random);
    const Borrowed view(record);
    const size_t expected = builder.size_with(view.record);
    ASSERT_TRUE(builder.append(view.record));
    ASSERT_EQ(builder.size(), expected);
  }
  const size_t expected = builder.size();
  Compressor compressor;
  EXPECT_EQ(builder.finish(compressor).value().size(), expected);
}

TEST(BatchBuilder, StartsAfreshAfterFinishAndKeepsOptions) {
  BatchBuilder builder({.codec = Codec::kLz4});
  Compressor compressor;
  const std::string value(1000, 'x');
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(builder.empty());
    ASSERT_TRUE(builder.append({.timestamp_ms = round, .value = as_bytes(value)}));
    const Slice bytes = builder.finish(compressor).value();
    const BatchView batch = BatchView::parse(bytes.bytes()).value();
    EXPECT_EQ(batch.codec(), Codec::kLz4);
    EXPECT_EQ(batch.record_count(), 1);
    EXPECT_EQ(batch.base_timestamp(), round);
  }
}

TEST(BatchBuilder, RefusesToFinishWithoutRecords) {
  BatchBuilder builder({});
  Compressor compressor;
  const Result<Slice> bytes = builder.finish(compressor);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code(), Errc::kPrecondition);
}

TEST(BatchBuilder, SendsUncompressedWhatCompressionWouldEnlarge) {
  const std::vector<OwnedRecord> tiny{
      {.timestamp_ms = 1, .key = std::nullopt, .value = "x", .headers = {}}};
  const Slice smaller = build({.codec = Codec::kZstd}, tiny);
  EXPECT_EQ(BatchView::parse(smaller.bytes()).value().codec(), Codec::kNone);
  const Slice asked = build({.codec = Codec::kZstd, .compress_only_if_smaller = false}, tiny);
  EXPECT_EQ(BatchView::parse(asked.bytes()).value().codec(), Codec::kZstd);
  EXPECT_EQ(read_all(BatchView::parse(asked.bytes()).value()).value(), tiny);
}

TEST(BatchBuilder, LeavesHolesWhereAskedAndKeepsOrder) {
  BatchBuilder builder({.base_offset = 1000});
  const NewRecord record{.timestamp_ms = 5, .value = as_bytes("v")};
  ASSERT_TRUE(builder.append_at(3, record));
  ASSERT_TRUE(builder.append(record));
  ASSERT_TRUE(builder.append_at(10, record));
  const Result<void> backwards = builder.append_at(10, record);
  ASSERT_FALSE(backwards);
  EXPECT_EQ(backwards.error().code(), Errc::kInvalidArgument);
  builder.extend_to(20);
  Compressor compressor;
  const Slice bytes = builder.finish(compressor).value();
  const BatchView batch = BatchView::parse(bytes.bytes()).value();
  EXPECT_EQ(batch.last_offset(), 1020);
  EXPECT_FALSE(batch.has_all_offsets());
  RecordCursor cursor(batch, batch.stored_records());
  std::vector<int64_t> offsets;
  while (const RecordView* found = cursor.next()) offsets.push_back(found->offset);
  ASSERT_TRUE(cursor.status());
  EXPECT_EQ(offsets, (std::vector<int64_t>{1003, 1004, 1010}));
}

TEST(BatchBuilder, RefusesOffsetsBehindTheLargestDelta) {
  BatchBuilder builder({});
  const NewRecord record{.timestamp_ms = 5, .value = as_bytes("v")};
  ASSERT_TRUE(builder.append_at(2'147'483'646, record));
  ASSERT_TRUE(builder.append(record));
  EXPECT_FALSE(builder.append(record));
  EXPECT_EQ(builder.record_count(), 2);
}

// What restore and header marks do: other offsets and times, the same key, value and headers.
TEST(BatchBuilder, ReencodesPayloadsWithOtherOffsets) {
  std::mt19937 random(5);
  std::vector<OwnedRecord> records(50);
  std::ranges::generate(records, [&] { return random_record(random); });
  const Slice bytes = build({.base_offset = 10}, records);
  const BatchView batch = BatchView::parse(bytes.bytes()).value();
  for (const RecordMode mode : {RecordMode::kFull, RecordMode::kOffsets}) {
    BatchBuilder again({.base_offset = 500});
    RecordCursor cursor(batch, batch.stored_records(), mode);
    while (const RecordView* record = cursor.next()) {
      ASSERT_TRUE(again.append_payload(2 * record->offset_delta, record->timestamp_ms + 7,
                                       record->payload));
    }
    ASSERT_TRUE(cursor.status());
    Compressor compressor;
    const Slice moved = again.finish(compressor).value();
    auto expected = records;
    for (OwnedRecord& record : expected) record.timestamp_ms += 7;
    EXPECT_EQ(read_all(BatchView::parse(moved.bytes()).value()).value(), expected);
  }
}

}  // namespace
}  // namespace odradek::wire
