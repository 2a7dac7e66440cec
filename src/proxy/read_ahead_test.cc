#include "proxy/read_ahead.h"

#include <gtest/gtest.h>

namespace odradek::proxy {
namespace {

TEST(ReadAheadBudget, IsGivenBackWithTheShare) {
  ReadAheadBudget budget(100);
  ReadAheadBudget::Share first = budget.take(60);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(budget.take(60), nullptr);
  const ReadAheadBudget::Share second = budget.take(40);
  EXPECT_NE(second, nullptr);
  EXPECT_EQ(budget.left(), 0);
  first = nullptr;
  EXPECT_EQ(budget.left(), 60);
}

TEST(ReadAheadBudget, OfNothingGivesNothing) { EXPECT_EQ(ReadAheadBudget(0).take(1), nullptr); }

TEST(ReadAheadHabit, RestsAfterAReadThatWasWasted) {
  ReadAheadHabit habit;
  EXPECT_TRUE(habit.may_read_ahead());
  habit.note_wasted();
  int fetches = 0;
  for (; !habit.may_read_ahead(); ++fetches) habit.begin_fetch();
  EXPECT_EQ(fetches, 16);
}

}  // namespace
}  // namespace odradek::proxy
