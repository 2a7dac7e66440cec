#include "wire/batch_rewrite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "wire/batch_builder.h"

namespace odradek::wire {
namespace {

// A batch of about `bytes` bytes with one record.
std::vector<uint8_t> make_batch(size_t bytes) {
  std::mt19937 random(static_cast<uint32_t>(bytes));
  std::string value(bytes, '\0');
  for (char& byte : value) byte = static_cast<char>(random());
  BatchBuilder builder({});
  EXPECT_TRUE(builder.append({.timestamp_ms = 100, .value = as_bytes(value)}));
  Compressor compressor;
  const Slice batch = builder.finish(compressor).value();
  return {batch.data(), batch.data() + batch.size()};
}

HeaderEdit random_edit(std::mt19937& random) {
  HeaderEdit edit;
  if (random() % 2 == 0) edit.base_offset = random();
  if (random() % 2 == 0) edit.leader_epoch = static_cast<int32_t>(random());
  if (random() % 2 == 0) edit.attributes = static_cast<uint16_t>(random() & 0xFFF8U);
  if (random() % 2 == 0) edit.max_timestamp = static_cast<int64_t>(random()) << 8;
  if (random() % 2 == 0) edit.producer_id = static_cast<int64_t>(random()) << 30;
  if (random() % 2 == 0) edit.producer_epoch = static_cast<int16_t>(random());
  if (random() % 2 == 0) edit.base_sequence = static_cast<int32_t>(random());
  return edit;
}

void expect_edited(const BatchView& batch, const BatchView& before, const HeaderEdit& edit) {
  EXPECT_EQ(batch.base_offset(), edit.base_offset.value_or(before.base_offset()));
  EXPECT_EQ(batch.leader_epoch(), edit.leader_epoch.value_or(before.leader_epoch()));
  EXPECT_EQ(batch.attributes(), edit.attributes.value_or(before.attributes()));
  EXPECT_EQ(batch.max_timestamp(), edit.max_timestamp.value_or(before.max_timestamp()));
  EXPECT_EQ(batch.producer_id(), edit.producer_id.value_or(before.producer_id()));
  EXPECT_EQ(batch.producer_epoch(), edit.producer_epoch.value_or(before.producer_epoch()));
  EXPECT_EQ(batch.base_sequence(), edit.base_sequence.value_or(before.base_sequence()));
  EXPECT_EQ(batch.last_offset_delta(), before.last_offset_delta());
  EXPECT_EQ(batch.base_timestamp(), before.base_timestamp());
  EXPECT_EQ(batch.record_count(), before.record_count());
}

const std::vector<size_t> kSizes{0, 1, 100, 1000, 4000, 4096, 5000, 70'000, 1'000'000};

TEST(EditHeader, ReplacesTheFieldsAndKeepsTheCrcRight) {
  std::mt19937 random(1);
  for (const size_t size : kSizes) {
    const auto original = make_batch(size);
    const BatchView before = BatchView::parse(original).value();
    for (int round = 0; round < 20; ++round) {
      auto bytes = original;
      const HeaderEdit edit = random_edit(random);
      ASSERT_TRUE(edit_header(bytes, edit));
      const BatchView after = BatchView::parse(bytes).value();
      expect_edited(after, before, edit);
      ASSERT_TRUE(after.verify_crc()) << size;
      EXPECT_TRUE(std::ranges::equal(after.stored_records(), before.stored_records()));
    }
  }
}

TEST(EditHeader, NeverMakesADamagedBatchLookWhole) {
  for (const size_t size : kSizes) {
    auto bytes = make_batch(size);
    bytes.back() ^= 0x40;
    ASSERT_FALSE(BatchView::parse(bytes).value().verify_crc());
    ASSERT_TRUE(edit_header(bytes, {.producer_id = 77}));
    EXPECT_FALSE(BatchView::parse(bytes).value().verify_crc()) << size;
    bytes.back() ^= 0x40;
    EXPECT_TRUE(BatchView::parse(bytes).value().verify_crc()) << size;
  }
}

TEST(EditHeader, RefusesBytesThatAreNoBatchAndLeavesThem) {
  auto bytes = make_batch(10);
  bytes[batch_layout::kMagic] = 7;
  const auto before = bytes;
  const Result<void> edited = edit_header(bytes, {.producer_id = 77});
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().code(), Errc::kMalformed);
  EXPECT_EQ(bytes, before);
}

TEST(EditedHeader, LeavesTheBatchUntouched) {
  const auto bytes = make_batch(10'000);
  const BatchView batch = BatchView::parse(bytes).value();
  const HeaderBytes header = edited_header(batch, {.base_sequence = 3});
  EXPECT_EQ(batch.base_sequence(), kNoSequence);
  std::vector<uint8_t> joined(header.begin(), header.end());
  joined.insert(joined.end(), batch.stored_records().begin(), batch.stored_records().end());
  const BatchView edited = BatchView::parse(joined).value();
  EXPECT_EQ(edited.base_sequence(), 3);
  EXPECT_TRUE(edited.verify_crc());
}

TEST(SetBaseOffset, LeavesTheCrcAsItIs) {
  auto bytes = make_batch(100);
  set_base_offset(bytes, 1234, 7);
  const BatchView batch = BatchView::parse(bytes).value();
  EXPECT_EQ(batch.base_offset(), 1234);
  EXPECT_EQ(batch.leader_epoch(), 7);
  EXPECT_TRUE(batch.verify_crc());
}

TEST(StampLogAppendTime, SetsTypeAndTimeOfAllRecords) {
  auto bytes = make_batch(100);
  ASSERT_TRUE(stamp_log_append_time(bytes, 5555));
  const BatchView batch = BatchView::parse(bytes).value();
  EXPECT_EQ(batch.timestamp_type(), TimestampType::kLogAppendTime);
  EXPECT_TRUE(batch.verify_crc());
  RecordCursor cursor(batch, batch.stored_records());
  EXPECT_EQ(cursor.next()->timestamp_ms, 5555);
}

TEST(WithStoredRecords, KeepsTheHeaderAndTheRecordsUnderAnotherCodec) {
  auto bytes = make_batch(5000);
  ASSERT_TRUE(edit_header(bytes, {.base_offset = 9,
                                  .attributes = batch_attributes::kTransactional,
                                  .producer_id = 77,
                                  .base_sequence = 5}));
  const BatchView batch = BatchView::parse(bytes).value();
  Compressor compressor;
  const Bytes packed =
      compressor.compress(Codec::kZstd, kDefaultLevel, batch.stored_records()).value();
  const Slice made = with_stored_records(batch, Codec::kZstd, packed).value();
  const BatchView other = BatchView::parse(made.bytes()).value();
  EXPECT_TRUE(other.verify_crc());
  EXPECT_EQ(other.codec(), Codec::kZstd);
  EXPECT_TRUE(other.is_transactional());
  EXPECT_EQ(other.base_offset(), 9);
  EXPECT_EQ(other.producer_id(), 77);
  EXPECT_EQ(other.base_sequence(), 5);
  Decompressor decompressor;
  Buffer scratch;
  const Bytes records = records_of(other, decompressor, scratch).value();
  EXPECT_TRUE(std::ranges::equal(records, batch.stored_records()));
  const Slice back = with_stored_records(other, Codec::kNone, records).value();
  EXPECT_TRUE(std::ranges::equal(back.bytes(), bytes)) << "and back, byte for byte";
}

TEST(StoreCrc, SealsWhatTheCallerChanged) {
  auto bytes = make_batch(100);
  bytes.back() ^= 0xFF;
  store_crc(bytes);
  EXPECT_TRUE(BatchView::parse(bytes).value().verify_crc());
}

}  // namespace
}  // namespace odradek::wire
