#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace odradek {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return Error(Errc::kInvalidArgument, "odd");
  return value / 2;
}

Result<void> check(int value) {
  if (value < 0) return Errc::kLimitExceeded;
  return {};
}

Result<std::string> quarter(int value) {
  ODK_TRY_VOID(check(value));
  ODK_TRY(const int first, half(value));
  ODK_TRY(const int second, half(first));
  return std::to_string(second);
}

TEST(Result, TryGoesOnWithTheValue) { EXPECT_EQ(quarter(12).value(), "3"); }

TEST(Result, TryLeavesWithTheFirstError) {
  EXPECT_EQ(quarter(6).error().message(), "odd");
  EXPECT_EQ(quarter(-4).error().code(), Errc::kLimitExceeded);
}

TEST(Result, HoldsWhatCannotBeCopied) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto use = [&]() -> Result<int> {
    ODK_TRY(const std::unique_ptr<int> owned, make());
    return *owned;
  };
  EXPECT_EQ(use().value(), 7);
}

TEST(Result, VoidIsSuccessByDefault) {
  const Result<void> nothing;
  EXPECT_TRUE(nothing.has_value());
  EXPECT_FALSE(check(-1));
}

}  // namespace
}  // namespace odradek
