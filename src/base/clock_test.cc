#include "base/clock.h"

#include <gtest/gtest.h>

namespace odradek {
namespace {

using namespace std::chrono_literals;

TEST(ManualClock, StandsStillUntilAdvanced) {
  ManualClock clock(1000);
  const MonotonicTime start = clock.now();
  EXPECT_EQ(clock.now(), start);
  clock.advance(250ms);
  EXPECT_EQ(clock.now() - start, 250ms);
  EXPECT_EQ(clock.wall_ms(), 1250);
}

TEST(ManualClock, WallTimeMayJumpAlone) {
  ManualClock clock(1000);
  const MonotonicTime start = clock.now();
  clock.set_wall_ms(5);
  EXPECT_EQ(clock.wall_ms(), 5);
  EXPECT_EQ(clock.now(), start);
}

TEST(SystemClock, GoesForward) {
  const SystemClock clock;
  EXPECT_LE(clock.now(), clock.now());
  EXPECT_GT(clock.wall_ms(), 1'600'000'000'000);
}

}  // namespace
}  // namespace odradek
