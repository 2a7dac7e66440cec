#include "base/slice.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

namespace odradek {
namespace {

// Tells when the last Slice of it is gone.
class CountedBlock final : public SharedBlock {
 public:
  explicit CountedBlock(int& destroyed) : destroyed_(&destroyed) {}
  ~CountedBlock() override { ++*destroyed_; }
  Bytes bytes() const { return memory_; }

 private:
  int* destroyed_;
  std::array<uint8_t, 4> memory_{1, 2, 3, 4};
};

TEST(Slice, SharesWithoutCopyingAndOwnsTogether) {
  Slice whole = Slice::copy_of("hello world");
  const uint8_t* memory = whole.data();
  const Slice world = whole.subslice(6, 5);
  EXPECT_EQ(world.data(), memory + 6);
  whole = {};
  EXPECT_EQ(world.text(), "world") << "outlives the Slice it was cut from";
}

TEST(Slice, FreesTheBlockWithTheLastOne) {
  int destroyed = 0;
  auto* block = new CountedBlock(destroyed);
  {
    const Slice first(block, block->bytes());
    Slice second = first;
    const Slice third = second.share(second.bytes().subspan(1, 2));
    const Slice moved = std::move(second);
    EXPECT_EQ(moved.size(), 4U);
    EXPECT_EQ(third.size(), 2U);
    EXPECT_EQ(destroyed, 0);
  }
  EXPECT_EQ(destroyed, 1);
}

TEST(Slice, TakesStaticAndEmptyBytes) {
  const Slice fixed = Slice::of_static(as_bytes("static"));
  EXPECT_EQ(Slice(fixed).text(), "static");
  EXPECT_TRUE(Slice().empty());
  EXPECT_TRUE(Slice::copy_of("").empty());
  EXPECT_TRUE(fixed.subslice(6, 0).empty());
}

TEST(SliceDeathTest, StopsWhenCutOutside) {
  const Slice slice = Slice::copy_of("abc");
  EXPECT_DEATH((void)slice.subslice(2, 2), "broken invariant");
  EXPECT_DEATH((void)slice.share(as_bytes("else")), "broken invariant");
}

TEST(Buffer, GrowsAndKeepsItsContent) {
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    buffer.append(std::to_string(i));
    expected += std::to_string(i);
  }
  EXPECT_EQ(as_text(buffer.bytes()), expected);
  EXPECT_GE(buffer.capacity(), buffer.size());
}

TEST(Buffer, BecomesASliceWithoutACopy) {
  Buffer buffer(100);
  buffer.append("abc");
  const uint8_t* memory = buffer.data();
  const Slice slice = buffer.freeze();
  EXPECT_EQ(slice.data(), memory);
  EXPECT_EQ(slice.text(), "abc");
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0U);
  buffer.append("new");
  EXPECT_EQ(slice.text(), "abc");
  EXPECT_TRUE(Buffer().freeze().empty());
}

TEST(Buffer, ClearAndShrinkKeepTheMemory) {
  Buffer buffer(100);
  buffer.append("abcdef");
  const uint8_t* memory = buffer.data();
  buffer.resize(2);
  EXPECT_EQ(as_text(buffer.bytes()), "ab");
  buffer.clear();
  buffer.append("xyz");
  EXPECT_EQ(buffer.data(), memory);
}

TEST(Buffer, MovesLeaveAnEmptyOne) {
  Buffer first;
  first.append("abc");
  Buffer second = std::move(first);
  EXPECT_EQ(as_text(second.bytes()), "abc");
  Buffer third;
  third.append("old");
  third = std::move(second);
  EXPECT_EQ(as_text(third.bytes()), "abc");
}

TEST(SliceChain, CountsAndJoinsItsPieces) {
  SliceChain chain(Slice::copy_of("one "));
  chain.append(Slice());  // leaves no piece behind
  chain.append(Slice::copy_of("two "));
  SliceChain more;
  more.append(Slice::copy_of("three"));
  chain.append(std::move(more));
  EXPECT_EQ(chain.size(), 13U);
  EXPECT_EQ(chain.slices().size(), 3U);
  EXPECT_EQ(chain.flatten().text(), "one two three");
}

TEST(SliceChain, OfOnePieceIsFlatAlready) {
  const Slice piece = Slice::copy_of("alone");
  EXPECT_EQ(SliceChain(piece).flatten().data(), piece.data());
  EXPECT_TRUE(SliceChain().flatten().empty());
}

TEST(Bytes, ViewsKeepNullApartFromEmpty) {
  EXPECT_TRUE(is_null(Bytes()));
  EXPECT_TRUE(is_null(as_text(Bytes())));
  EXPECT_TRUE(is_null(as_bytes(std::string_view())));
  EXPECT_FALSE(is_null(as_bytes("")));
  EXPECT_EQ(as_text(as_bytes("abc")), "abc");
}

}  // namespace
}  // namespace odradek
