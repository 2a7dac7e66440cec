#include <gtest/gtest.h>

#include "backup/engine/byte_budget.h"
#include "backup/engine/rate_limit.h"
#include "backup/engine/retry.h"
#include "io/task_group.h"

namespace odradek::backup {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MonotonicTime kStart{std::chrono::hours(1)};

TEST(Breaker, OpensAfterFailuresInARowAndLetsOneProbeThrough) {
  Breaker breaker(3, seconds(30));
  breaker.on_failure(kStart);
  breaker.on_failure(kStart);
  EXPECT_TRUE(breaker.lets_through(kStart));
  breaker.on_failure(kStart);
  EXPECT_EQ(breaker.state(), BreakerState::kOpen);
  EXPECT_FALSE(breaker.lets_through(kStart + seconds(29)));
  EXPECT_TRUE(breaker.lets_through(kStart + seconds(30)));
  EXPECT_EQ(breaker.state(), BreakerState::kHalfOpen);
  EXPECT_FALSE(breaker.lets_through(kStart + seconds(31)));
  breaker.on_failure(kStart + seconds(32));
  EXPECT_FALSE(breaker.lets_through(kStart + seconds(61)));
  EXPECT_TRUE(breaker.lets_through(kStart + seconds(62)));
  breaker.on_success();
  EXPECT_EQ(breaker.state(), BreakerState::kClosed);
}

TEST(FullJitter, StaysBelowADoublingCap) {
  FullJitter jitter(milliseconds(100), seconds(10), 1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_LE(jitter.after(1), milliseconds(100));
    EXPECT_LE(jitter.after(3), milliseconds(400));
    EXPECT_LE(jitter.after(60), seconds(10));
    EXPECT_GE(jitter.after(60), Duration::zero());
  }
}

TEST(RateLimit, MakesWhoTookTooMuchWaitForIt) {
  RateLimit limit(1000);
  EXPECT_EQ(limit.take(500, kStart), milliseconds(500));
  EXPECT_EQ(limit.take(0, kStart + milliseconds(500)), Duration::zero());
  EXPECT_EQ(limit.take(2000, kStart + seconds(10)), seconds(1));
  limit.set(0);
  EXPECT_EQ(limit.take(1'000'000, kStart + seconds(10)), Duration::zero());
}

TEST(MemoryShare, ShrinksPiecesFirstThenPartitions) {
  constexpr size_t kFrame = 8 << 20;
  const MemoryShare plenty = divide_budget(256 << 20, 4, kFrame, kFrame);
  EXPECT_EQ(plenty.partitions, 4U);
  EXPECT_EQ(plenty.frame_bytes, kFrame);
  const MemoryShare little = divide_budget(32 << 20, 4, kFrame, kFrame);
  EXPECT_EQ(little.partitions, 4U);
  EXPECT_EQ(little.frame_bytes, 1U << 20);
  const MemoryShare least = divide_budget(4 << 20, 100, kFrame, kFrame);
  EXPECT_EQ(least.partitions, 2U);
  EXPECT_EQ(least.frame_bytes, 256U << 10);
  EXPECT_LE(
      least.partitions * (least.segment_hold_bytes + 3 * static_cast<uint64_t>(least.fetch_bytes)),
      4U << 20);
}

io::Task<void> take_and_note(ByteBudget& budget, uint64_t bytes, std::vector<uint64_t>& order,
                             BudgetHold& hold) {
  Result<BudgetHold> taken = co_await budget.take(bytes);
  if (!taken) co_return;
  hold = *std::move(taken);
  order.push_back(bytes);
}

io::Task<void> release_one_by_one(io::Loop& loop, ByteBudget& budget,
                                  std::vector<uint64_t>& order) {
  BudgetHold first;
  BudgetHold second;
  BudgetHold third;
  io::TaskGroup tasks(loop);
  co_await take_and_note(budget, 60, order, first);
  tasks.spawn(take_and_note(budget, 80, order, second));
  tasks.spawn(take_and_note(budget, 10, order, third));
  const Result<void> slept = co_await io::sleep(loop, milliseconds(1));
  EXPECT_TRUE(slept);
  // The small one fits, but it came later.
  EXPECT_EQ(order, (std::vector<uint64_t>{60}));
  first = BudgetHold();
  co_await tasks.join();
}

TEST(ByteBudget, ServesInOrderOfComing) {
  SystemClock clock;
  io::Loop loop(clock);
  ByteBudget budget(loop, 100);
  std::vector<uint64_t> order;
  loop.block_on(release_one_by_one(loop, budget, order));
  EXPECT_EQ(order, (std::vector<uint64_t>{60, 80, 10}));
  EXPECT_EQ(budget.used_bytes(), 0U);
}

io::Task<void> take_more_than_all(ByteBudget& budget) {
  Result<BudgetHold> hold = co_await budget.take(1000);
  EXPECT_TRUE(hold);
  EXPECT_EQ(budget.used_bytes(), 1000U);
  hold->resize(30);
  EXPECT_EQ(budget.used_bytes(), 30U);
}

TEST(ByteBudget, GivesMoreThanItHasToWhoIsAlone) {
  SystemClock clock;
  io::Loop loop(clock);
  ByteBudget budget(loop, 100);
  loop.block_on(take_more_than_all(budget));
  EXPECT_EQ(budget.used_bytes(), 0U);
}

}  // namespace
}  // namespace odradek::backup
