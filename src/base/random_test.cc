#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace odradek {
namespace {

TEST(Random, FillsAllOfIt) {
  // More than one getrandom(2) gives without a chance of being interrupted.
  std::vector<uint8_t> bytes(100'000);
  fill_random(bytes);
  std::array<size_t, 256> counts{};
  for (const uint8_t byte : bytes) ++counts[byte];
  for (const size_t count : counts) EXPECT_GT(count, 200U);
}

TEST(Random, TakesNothing) { fill_random({}); }

}  // namespace
}  // namespace odradek
