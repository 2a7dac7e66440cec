#include "wire/writer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace odradek::wire {
namespace {

using Output = std::vector<uint8_t>;

Output written(Writer& writer) {
  const Slice bytes = writer.take().flatten();
  return {bytes.data(), bytes.data() + bytes.size()};
}

TEST(Writer, WritesBigEndianIntegers) {
  Writer writer(1);
  writer.i8(-1);
  writer.i16(0x0102);
  writer.i32(-2);
  EXPECT_EQ(writer.size(), 7U);
  EXPECT_EQ(written(writer), (Output{0xFF, 1, 2, 0xFF, 0xFF, 0xFF, 0xFE}));
}

TEST(Writer, StringsKeepNullApartFromEmpty) {
  Writer writer;
  writer.string("ok", false, false);
  writer.string({}, false, true);
  writer.string("", false, true);
  writer.string("ok", true, false);
  writer.string({}, true, true);
  writer.string("", true, true);
  EXPECT_EQ(written(writer), (Output{0, 2, 'o', 'k', 0xFF, 0xFF, 0, 0, 3, 'o', 'k', 0, 1}));
}

TEST(Writer, NullWhereItIsNotAllowedIsEmpty) {
  Writer writer;
  writer.string({}, false, false);
  writer.bytes({}, true, false);
  writer.array_count(0, false, false);
  writer.array_count(0, true, false);
  EXPECT_EQ(written(writer), (Output{0, 0, 1, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}));
}

TEST(Writer, AStringTooLongForItsLengthFieldFailsTheMessage) {
  Writer writer;
  writer.string(std::string(32'768, 'x'), false, false);
  writer.i32(1);
  const Result<SliceChain> bytes = writer.finish();
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code(), Errc::kLimitExceeded);
}

TEST(Writer, KeepsTheFirstFailure) {
  Writer writer;
  writer.fail(Error(Errc::kUnsupported, "first"));
  writer.fail(Error(Errc::kInternal, "second"));
  EXPECT_EQ(writer.status().error().message(), "first");
  EXPECT_EQ(writer.finish().error().code(), Errc::kUnsupported);
}

TEST(Writer, PassesBatchesByReferenceInOrder) {
  const Slice large = Slice::copy_of(std::string(1000, 'L'));
  const Slice small = Slice::copy_of("small");
  const std::array<Slice, 3> batches{large, small, large};
  Records records;
  records.slices = batches;
  Writer writer;
  writer.i8(1);
  writer.records(records, false, true);
  writer.i8(2);
  EXPECT_EQ(writer.size(), 1U + 4 + 2005 + 1);
  const SliceChain chain = writer.take();
  ASSERT_EQ(chain.slices().size(), 5U) << "head, large, small, large, tail";
  EXPECT_EQ(chain.slices()[1].data(), large.data()) << "not copied";
  EXPECT_EQ(chain.flatten().text(), std::string("\x01\x00\x00\x07\xD5", 5) +
                                        std::string(1000, 'L') + "small" + std::string(1000, 'L') +
                                        "\x02");
  EXPECT_EQ(writer.size(), 0U) << "ready for the next message";
}

TEST(Writer, RecordsKeepNullApartFromEmpty) {
  Writer writer;
  writer.records({}, false, true);
  writer.records({}, true, true);
  Records empty;
  empty.bytes = as_bytes("");
  writer.records(empty, false, true);
  writer.records(empty, true, true);
  Records some;
  some.bytes = as_bytes("abc");
  writer.records(some, true, true);
  EXPECT_EQ(written(writer), (Output{0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1, 4, 'a', 'b', 'c'}));
}

TEST(Writer, PatchesTheFrameSizeAfterwards) {
  Writer writer;
  writer.i32(0);
  writer.raw(as_bytes("body"));
  writer.patch_i32(0, static_cast<int32_t>(writer.size() - 4));
  EXPECT_EQ(written(writer), (Output{0, 0, 0, 4, 'b', 'o', 'd', 'y'}));
}

}  // namespace
}  // namespace odradek::wire
