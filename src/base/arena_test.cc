#include "base/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>

namespace odradek {
namespace {

TEST(Arena, HandsOutAlignedMemoryThatDoesNotOverlap) {
  Arena arena;
  std::vector<std::pair<uint8_t*, size_t>> pieces;
  for (size_t i = 1; i < 500; ++i) {
    const size_t alignment = size_t{1} << (i % 5);
    auto* at = static_cast<uint8_t*>(arena.allocate(i, alignment));
    ASSERT_NE(at, nullptr);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(at) % alignment, 0U);
    std::memset(at, static_cast<int>(i % 256), i);
    pieces.emplace_back(at, i);
  }
  for (const auto& [at, size] : pieces) {
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(at[i], size % 256);
  }
}

TEST(Arena, ArraysAreValueInitialisedAndNeverNull) {
  Arena arena;
  for (const size_t count : {size_t{0}, size_t{1}, size_t{1000}}) {
    const std::span<int64_t> array = arena.array<int64_t>(count);
    EXPECT_NE(array.data(), nullptr);
    EXPECT_EQ(array.size(), count);
    for (const int64_t value : array) EXPECT_EQ(value, 0);
  }
}

TEST(Arena, StopsAtItsBudget) {
  constexpr size_t kBudget = 100'000;
  Arena arena(kBudget);
  size_t given = 0;
  while (arena.allocate(1000, 8) != nullptr) given += 1000;
  EXPECT_LE(given, kBudget);
  EXPECT_GE(given, kBudget / 2);
  EXPECT_EQ(arena.array<int64_t>(kBudget).data(), nullptr);
  EXPECT_EQ(arena.array<int64_t>(Arena::kUnlimited).data(), nullptr) << "the size overflows";
  EXPECT_EQ(arena.copy(std::string(kBudget, 'x')).data(), nullptr);
}

TEST(Arena, CopiesTextThatLivesOn) {
  Arena arena;
  std::string text = "orders";
  const std::string_view copy = arena.copy(text);
  text = "gone";
  EXPECT_EQ(copy, "orders");
  EXPECT_NE(arena.copy("").data(), nullptr);
}

TEST(Arena, ResetGivesTheBudgetBack) {
  Arena arena(100'000);
  for (int round = 0; round < 100; ++round) {
    ASSERT_NE(arena.allocate(40'000, 8), nullptr) << round;
    ASSERT_NE(arena.allocate(40'000, 8), nullptr) << round;
    arena.reset();
  }
  EXPECT_LE(arena.allocated_bytes(), 100'000U);
}

TEST(Arena, ResetDoesNotKeepAnExceptionallyLargeChunk) {
  Arena arena;
  ASSERT_NE(arena.allocate(50'000'000, 8), nullptr);
  arena.reset();
  EXPECT_LE(arena.allocated_bytes(), 1'000'000U);
  EXPECT_NE(arena.allocate(100, 8), nullptr);
}

}  // namespace
}  // namespace odradek
