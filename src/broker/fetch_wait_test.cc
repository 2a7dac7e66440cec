#include "broker/fetch_wait.h"

#include <gtest/gtest.h>

#include <memory>

namespace odradek::broker {
namespace {

TEST(FetchWait, IsReadyOnceEnoughBytesArrivedInAllItsPartitions) {
  WaitList a;
  WaitList b;
  FetchWait wait;
  wait.set_missing_bytes(100);
  wait.watch(a);
  wait.watch(b);
  ReadyFetches ready;
  a.bytes_arrived(60, ready);
  EXPECT_TRUE(ready.empty());
  b.bytes_arrived(40, ready);
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_EQ(ready[0], &wait);
}

TEST(FetchWait, IsReportedOnce) {
  WaitList a;
  WaitList b;
  FetchWait wait;
  wait.watch(a);
  wait.watch(b);
  ReadyFetches ready;
  a.bytes_arrived(10, ready);
  b.bytes_arrived(10, ready);
  b.wake_all(ready);
  EXPECT_EQ(ready.size(), 1U);
}

TEST(FetchWait, WaitsAgainAfterLeaving) {
  WaitList list;
  FetchWait wait;
  wait.watch(list);
  ReadyFetches ready;
  list.wake_all(ready);
  wait.leave();
  EXPECT_TRUE(list.empty());
  wait.set_missing_bytes(5);
  wait.watch(list);
  ready.clear();
  list.bytes_arrived(4, ready);
  EXPECT_TRUE(ready.empty());
  list.bytes_arrived(1, ready);
  EXPECT_EQ(ready.size(), 1U);
}

TEST(FetchWait, LeavesItsListsWhenItGoes) {
  WaitList list;
  auto first = std::make_unique<FetchWait>();
  auto second = std::make_unique<FetchWait>();
  auto third = std::make_unique<FetchWait>();
  for (const auto& wait : {first.get(), second.get(), third.get()}) wait->watch(list);
  second.reset();
  ReadyFetches ready;
  list.wake_all(ready);
  EXPECT_EQ(ready, (ReadyFetches{third.get(), first.get()}));
  first.reset();
  third.reset();
  EXPECT_TRUE(list.empty());
}

TEST(FetchWait, SurvivesItsPartition) {
  FetchWait wait;
  {
    WaitList list;
    wait.watch(list);
  }
  wait.leave();
}

}  // namespace
}  // namespace odradek::broker
