#include <gtest/gtest.h>

#include <string>

#include "log/key_offsets.h"

namespace odradek::log {
namespace {

TEST(KeyOffsets, RemembersTheNewestOffset) {
  KeyOffsets keys(size_t{1} << 20U);
  for (int round = 0; round < 2; ++round) {
    for (int64_t i = 0; i < 10'000; ++i) {
      ASSERT_TRUE(keys.put(as_bytes(std::to_string(i)), i + round * 10'000));
    }
  }
  EXPECT_EQ(keys.size(), 10'000U);
  EXPECT_EQ(keys.find(as_bytes("17")), 10'017);
  EXPECT_EQ(keys.find(as_bytes("no")), -1);
}

TEST(KeyOffsets, IsBounded) {
  KeyOffsets keys(0);
  int64_t next = 0;
  while (keys.put(as_bytes(std::to_string(next)), next)) ++next;
  EXPECT_EQ(next, 768);
  EXPECT_TRUE(keys.put(as_bytes("5"), 1000)) << "known already";
}

}  // namespace
}  // namespace odradek::log
