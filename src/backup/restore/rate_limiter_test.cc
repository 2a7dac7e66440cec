#include "backup/restore/rate_limiter.h"

#include <gtest/gtest.h>

namespace odradek::backup {
namespace {

TEST(TokenBucket, LetsASecondsWorthThroughAtOnceThenWaits) {
  TokenBucket bucket(1000);
  const MonotonicTime start{std::chrono::hours(1)};
  EXPECT_EQ(bucket.take(1000, start), Duration::zero());
  EXPECT_EQ(bucket.take(500, start), std::chrono::milliseconds(500));
  EXPECT_EQ(bucket.take(500, start + std::chrono::seconds(1)), Duration::zero());
}

TEST(TokenBucket, LargeAmountsPassAndAreOwed) {
  TokenBucket bucket(100);
  const MonotonicTime start{std::chrono::hours(1)};
  EXPECT_EQ(bucket.take(1100, start), std::chrono::seconds(10));
  EXPECT_EQ(bucket.take(0, start + std::chrono::seconds(10)), Duration::zero());
}

TEST(TokenBucket, ZeroIsNoLimit) {
  TokenBucket bucket(0);
  EXPECT_EQ(bucket.take(UINT64_MAX, MonotonicTime{std::chrono::hours(1)}), Duration::zero());
}

}  // namespace
}  // namespace odradek::backup
