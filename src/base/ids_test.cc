#include "base/ids.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <type_traits>
#include <unordered_set>

namespace odradek {
namespace {

static_assert(!std::is_convertible_v<int64_t, Offset>, "a bare number is no offset");
static_assert(!std::is_convertible_v<Offset, int64_t>);
static_assert(!std::is_convertible_v<PartitionId, VirtualPartitionId>);
static_assert(!std::is_constructible_v<VirtualPartitionId, PartitionId>);

TEST(StrongId, ComparesAndHashesByValue) {
  EXPECT_EQ(Offset(5), Offset(5));
  EXPECT_LT(Offset(5), Offset(6));
  EXPECT_EQ(Offset().value(), 0);
  const std::unordered_set<Offset> set{Offset(1), Offset(1), Offset(2)};
  EXPECT_EQ(set.size(), 2U);
}

// The text is what Kafka's Uuid.toString gives for these bytes.
TEST(Uuid, PrintsAsKafkaDoes) {
  Uuid id;
  EXPECT_TRUE(id.is_zero());
  EXPECT_EQ(id.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
  id.bytes[15] = 1;
  EXPECT_EQ(id.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
  EXPECT_FALSE(id.is_zero());
  for (size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<uint8_t>(0xF0 + i);
  EXPECT_EQ(id.to_string(), "8PHy8_T19vf4-fr7_P3-_w");
}

TEST(Uuid, RandomOnesDifferAndNeverLookLikeAnOption) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const Uuid id = Uuid::random();
    const std::string text = id.to_string();
    EXPECT_EQ(text.size(), 22U);
    EXPECT_NE(text.front(), '-');
    EXPECT_EQ(id.bytes[6] >> 4, 4) << "version";
    EXPECT_EQ(id.bytes[8] >> 6, 2) << "variant";
    seen.insert(text);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

}  // namespace
}  // namespace odradek
