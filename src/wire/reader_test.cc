#include "wire/reader.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "wire/writer.h"

namespace odradek::wire {
namespace {

using Input = std::vector<uint8_t>;

class ReaderTest : public testing::Test {
 protected:
  Reader read(const Input& input) { return {input, arena_}; }
  Arena arena_;
};

TEST_F(ReaderTest, ReadsBigEndianIntegers) {
  const Input input{0xFF, 0xFE, 0x01, 0x02, 0x03, 0x04, 0x80, 0, 0, 0, 0, 0, 0, 1, 1};
  Reader reader = read(input);
  EXPECT_EQ(reader.i16(), -2);
  EXPECT_EQ(reader.i32(), 0x01020304);
  EXPECT_EQ(reader.i64(), std::numeric_limits<int64_t>::min() + 1);
  EXPECT_TRUE(reader.boolean());
  EXPECT_TRUE(reader.finish());
}

TEST_F(ReaderTest, ReadsDoublesAndUuids) {
  Input input{0x3F, 0xF8, 0, 0, 0, 0, 0, 0};
  for (uint8_t i = 0; i < 16; ++i) input.push_back(i);
  Reader reader = read(input);
  EXPECT_EQ(reader.f64(), 1.5);
  EXPECT_EQ(reader.uuid().bytes[15], 15);
  EXPECT_TRUE(reader.finish());
}

TEST_F(ReaderTest, StringsAreViewsAndNullIsNotEmpty) {
  const Input input{0, 2, 'o', 'k', 0xFF, 0xFF, 0, 0, 3, 'o', 'k', 0, 1};
  Reader reader = read(input);
  const std::string_view text = reader.string(false, false);
  EXPECT_EQ(text, "ok");
  EXPECT_EQ(as_bytes(text).data(), input.data() + 2);
  EXPECT_TRUE(is_null(reader.string(false, true)));
  EXPECT_FALSE(is_null(reader.string(false, true)));
  EXPECT_EQ(reader.string(true, false), "ok");
  EXPECT_TRUE(is_null(reader.string(true, true)));
  const std::string_view empty = reader.string(true, true);
  EXPECT_TRUE(empty.empty());
  EXPECT_FALSE(is_null(empty));
  EXPECT_TRUE(reader.finish());
}

TEST_F(ReaderTest, RefusesNullWhereItIsNotAllowed) {
  const Input plain{0xFF, 0xFF};
  Reader reader = read(plain);
  (void)reader.string(false, false);
  EXPECT_EQ(reader.fault(), ReadFault::kNegativeSize);
  const Input compact{0};
  Reader flexible = read(compact);
  (void)flexible.bytes(true, false);
  EXPECT_EQ(flexible.fault(), ReadFault::kNegativeSize);
  const Input minus_two{0xFF, 0xFE};
  Reader negative = read(minus_two);
  (void)negative.string(false, true);
  EXPECT_EQ(negative.fault(), ReadFault::kNegativeSize);
}

TEST_F(ReaderTest, StaysFailedAndNamesTheFirstFault) {
  const Input input{0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8};
  Reader reader = read(input);
  (void)reader.i32();
  (void)reader.take(100);
  EXPECT_EQ(reader.i64(), 0) << "though 8 bytes are there";
  EXPECT_EQ(reader.string(false, false), "");
  EXPECT_EQ(reader.uvarint(), 0U);
  EXPECT_TRUE(reader.uuid().is_zero());
  EXPECT_EQ(reader.fault(), ReadFault::kTruncated);
  EXPECT_EQ(reader.status().error().message(), "ends early at byte 4");
  EXPECT_EQ(reader.status().error().code(), Errc::kMalformed);
}

TEST_F(ReaderTest, NoticesBytesLeftOver) {
  const Input input{0, 1, 2};
  Reader reader = read(input);
  (void)reader.i16();
  EXPECT_TRUE(reader.status());
  EXPECT_EQ(reader.finish().error().message(), "1 bytes left over at byte 2");
}

TEST_F(ReaderTest, ArrayCountsMustFitTheBytesLeft) {
  const Input plausible{0, 0, 0, 2, 1, 2, 3, 4};
  Reader reader = read(plausible);
  EXPECT_EQ(reader.array_count(false, false, 2), 2);
  const Input hostile{0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4};
  Reader refused = read(hostile);
  EXPECT_EQ(refused.array_count(false, false, 1), -1);
  EXPECT_EQ(refused.fault(), ReadFault::kCountTooLarge);
  const Input compact{0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1};
  Reader flexible = read(compact);
  EXPECT_EQ(flexible.array_count(true, false, 1), -1);
  EXPECT_EQ(flexible.fault(), ReadFault::kCountTooLarge);
}

TEST_F(ReaderTest, NullArraysAreMinusOneWhereAllowed) {
  const Input input{0xFF, 0xFF, 0xFF, 0xFF, 0};
  Reader reader = read(input);
  EXPECT_EQ(reader.array_count(false, true, 1), -1);
  EXPECT_EQ(reader.array_count(true, true, 1), -1);
  EXPECT_TRUE(reader.finish());
  Reader refused = read(input);
  EXPECT_EQ(refused.array_count(false, false, 1), -1);
  EXPECT_EQ(refused.fault(), ReadFault::kNegativeSize);
}

TEST_F(ReaderTest, VarintsAreBounded) {
  const Input endless(20, 0x80);
  Reader reader = read(endless);
  (void)reader.uvarint();
  EXPECT_EQ(reader.fault(), ReadFault::kVarintTooLong);
  EXPECT_EQ(reader.status().error().message(), "varint too long at byte 5");
  Reader large = read(endless);
  (void)large.varlong();
  EXPECT_EQ(large.fault(), ReadFault::kVarintTooLong);
  const Input cut{0x80};
  Reader truncated = read(cut);
  (void)truncated.varint();
  EXPECT_EQ(truncated.fault(), ReadFault::kTruncated);
}

TEST_F(ReaderTest, ArraysComeOutOfTheArenasBudget) {
  Arena small(1000);
  const Input input(8, 0);
  Reader reader(input, small);
  EXPECT_EQ(reader.allocate<int64_t>(10).size(), 10U);
  EXPECT_TRUE(reader.allocate<int64_t>(1'000'000).empty());
  EXPECT_EQ(reader.fault(), ReadFault::kBudget);
  EXPECT_TRUE(reader.allocate<int64_t>(-1).empty());
}

TEST_F(ReaderTest, ReadsWhatTheWriterWrote) {
  Writer writer;
  Uuid id;
  id.bytes[3] = 9;
  writer.i8(-5);
  writer.u16(65'000);
  writer.u32(4'000'000'000);
  writer.i64(-7);
  writer.f64(-0.25);
  writer.boolean(true);
  writer.uuid(id);
  for (const int32_t value : {0, -1, 300, std::numeric_limits<int32_t>::min()}) {
    writer.varint(value);
    writer.varlong(int64_t{value} * 4'000'000'000);
    writer.uvarint(static_cast<uint32_t>(value));
  }
  const Slice bytes = writer.take().flatten();
  Reader reader(bytes.bytes(), arena_);
  EXPECT_EQ(reader.i8(), -5);
  EXPECT_EQ(reader.u16(), 65'000);
  EXPECT_EQ(reader.u32(), 4'000'000'000);
  EXPECT_EQ(reader.i64(), -7);
  EXPECT_EQ(reader.f64(), -0.25);
  EXPECT_TRUE(reader.boolean());
  EXPECT_EQ(reader.uuid(), id);
  for (const int32_t value : {0, -1, 300, std::numeric_limits<int32_t>::min()}) {
    EXPECT_EQ(reader.varint(), value);
    EXPECT_EQ(reader.varlong(), int64_t{value} * 4'000'000'000);
    EXPECT_EQ(reader.uvarint(), static_cast<uint32_t>(value));
  }
  EXPECT_TRUE(reader.finish());
}

}  // namespace
}  // namespace odradek::wire
