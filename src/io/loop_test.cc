#include "io/loop.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <thread>

#include "io/event.h"
#include "io/task_group.h"

namespace odradek::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Task<int> seven() { co_return 7; }
Task<void> count_up(int* counter) {
  ++*counter;
  co_return;
}

TEST(Loop, GivesTheValueOfATask) {
  Loop loop;
  EXPECT_EQ(loop.block_on(seven()), 7);
  int counter = 0;
  loop.block_on(count_up(&counter));
  loop.block_on(count_up(&counter));
  EXPECT_EQ(counter, 2);
}

TEST(Loop, RunsPostedWorkOfOtherThreadsOnItsOwn) {
  Loop loop;
  bool current = false;
  std::thread::id ran_on;
  std::thread other([&] {
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      current = loop.is_current();
      loop.stop();
    });
  });
  EXPECT_FALSE(loop.is_current());
  loop.run();
  other.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
  EXPECT_TRUE(current);
}

TEST(Loop, StopBeforeRunIsNotLost) {
  Loop loop;
  loop.stop();
  loop.run();
  EXPECT_EQ(loop.block_on(seven()), 7);
}

TEST(Loop, RealTimersFireInOrder) {
  Loop loop;
  std::vector<int> fired;
  loop.call_after(milliseconds(3), [&] {
    fired.push_back(3);
    loop.stop();
  });
  loop.call_after(milliseconds(1), [&] { fired.push_back(1); });
  const TimerId dropped = loop.call_after(milliseconds(0), [&] { fired.push_back(0); });
  EXPECT_TRUE(loop.cancel(dropped));
  EXPECT_FALSE(loop.cancel(dropped));
  loop.call_after(milliseconds(2), [&] { fired.push_back(2); });
  loop.run();
  EXPECT_EQ(fired, (std::vector<int>{1, 2, 3}));
}

TEST(Loop, GoesAwayWithTimersAndTasksThatStillWait) {
  auto owned = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = owned;
  {
    ManualClock clock;
    Loop loop(clock);
    loop.call_after(seconds(1), [held = owned] {});
    loop.post([held = owned] {});
    owned.reset();
  }
  EXPECT_TRUE(watched.expired());
}

TEST(Loop, ManualTimersFireOnlyWhenTheClockWasAdvanced) {
  ManualClock clock;
  Loop loop(clock);
  std::vector<int> fired;
  loop.call_after(seconds(2), [&] { fired.push_back(2); });
  loop.call_after(seconds(1), [&] {
    fired.push_back(1);
    loop.post([&] { fired.push_back(10); });
    loop.call_after(seconds(0), [&] { fired.push_back(11); });
  });
  const TimerId third = loop.call_after(seconds(3), [&] { fired.push_back(3); });
  loop.run_ready();
  EXPECT_TRUE(fired.empty());
  clock.advance(seconds(2));
  EXPECT_TRUE(fired.empty());
  loop.run_ready();
  // What a timer made ready runs before the next instant's timers.
  EXPECT_EQ(fired, (std::vector<int>{1, 10, 2, 11}));
  EXPECT_TRUE(loop.cancel(third));
  clock.advance(seconds(5));
  loop.run_ready();
  EXPECT_EQ(fired.size(), 4U);
  EXPECT_FALSE(loop.cancel(third));
}

TEST(TimerHeap, AgreesWithASortedSet) {
  std::mt19937 random(4711);
  TimerHeap heap;
  std::set<std::tuple<MonotonicTime, int, TimerId>> model;
  int fired = -1;
  for (int step = 0; step < 20'000; ++step) {
    const uint32_t dice = random() % 10;
    if (dice < 5) {
      const MonotonicTime when{Duration(random() % 1000)};
      model.emplace(when, step, heap.add(when, [&fired, step] { fired = step; }));
    } else if (!model.empty() && dice < 7) {
      auto victim = model.begin();
      std::advance(victim, random() % model.size());
      EXPECT_TRUE(heap.cancel(std::get<2>(*victim)));
      EXPECT_FALSE(heap.cancel(std::get<2>(*victim)));
      model.erase(victim);
    } else if (!model.empty()) {
      ASSERT_EQ(heap.earliest(), std::get<0>(*model.begin()));
      heap.take_earliest()();
      ASSERT_EQ(fired, std::get<1>(*model.begin()));
      model.erase(model.begin());
    }
    ASSERT_EQ(heap.size(), model.size());
  }
}

TEST(TimerHeap, KeepsTheOrderOfEqualTimes) {
  TimerHeap heap;
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    heap.add(MonotonicTime{Duration(i % 3)}, [&order, i] { order.push_back(i); });
  }
  while (!heap.empty()) heap.take_earliest()();
  std::vector<int> expected;
  for (int when = 0; when < 3; ++when) {
    for (int i = when; i < 100; i += 3) expected.push_back(i);
  }
  EXPECT_EQ(order, expected);
}

Task<void> store_wait(Event* event, std::optional<MonotonicTime> deadline, int* woken,
                      std::optional<Errc>* error) {
  Result<void> waited = co_await event->wait(deadline);
  ++*woken;
  if (!waited) *error = waited.error().code();
}

struct EventTest : ::testing::Test {
  ManualClock clock;
  Loop loop{clock};
  Event event{loop};
  TaskGroup tasks{loop};
  int woken = 0;
  std::optional<Errc> error;

  void wait(std::optional<MonotonicTime> deadline = std::nullopt) {
    tasks.spawn(store_wait(&event, deadline, &woken, &error));
    loop.run_ready();
  }
};

TEST_F(EventTest, WakesAllOrOne) {
  wait();
  wait();
  wait();
  EXPECT_EQ(woken, 0);
  event.notify_one();
  EXPECT_EQ(woken, 0) << "never inside notify";
  loop.run_ready();
  EXPECT_EQ(woken, 1);
  event.notify_all();
  loop.run_ready();
  EXPECT_EQ(woken, 3);
  EXPECT_FALSE(error);
  EXPECT_FALSE(event.has_waiters());
  EXPECT_EQ(tasks.size(), 0U);
}

TEST_F(EventTest, GivesUpAtTheDeadline) {
  wait(loop.now() + seconds(1));
  clock.advance(milliseconds(999));
  loop.run_ready();
  EXPECT_EQ(woken, 0);
  clock.advance(milliseconds(1));
  loop.run_ready();
  EXPECT_EQ(error, Errc::kTimedOut);
}

TEST_F(EventTest, NotifyOneSkipsWhoTimedOutAMomentAgo) {
  wait(loop.now() + seconds(1));
  wait();
  loop.call_after(seconds(1), [this] { event.notify_one(); });
  clock.advance(seconds(1));
  loop.run_ready();
  EXPECT_EQ(woken, 2);
}

TEST_F(EventTest, CancellingTheTaskEndsTheWait) {
  wait();
  tasks.cancel();
  loop.block_on(tasks.join());
  EXPECT_EQ(error, Errc::kCancelled);
  EXPECT_FALSE(event.has_waiters());
}

TEST_F(EventTest, DestroyingItWakesTheWaiters) {
  auto short_lived = std::make_unique<Event>(loop);
  tasks.spawn(store_wait(short_lived.get(), loop.now() + seconds(9), &woken, &error));
  loop.run_ready();
  short_lived.reset();
  loop.run_ready();
  EXPECT_EQ(error, Errc::kClosed);
}

Task<void> sleep_twice(Loop* loop, std::vector<Errc>* errors) {
  for (int i = 0; i < 2; ++i) {
    Result<void> slept = co_await sleep(*loop, seconds(10));
    if (!slept) errors->push_back(slept.error().code());
  }
}

TEST(TaskGroup, CancelReachesWhatIsAwaitedAndWhatIsAwaitedAfter) {
  ManualClock clock;
  Loop loop(clock);
  TaskGroup tasks(loop);
  std::vector<Errc> errors;
  tasks.spawn(sleep_twice(&loop, &errors));
  loop.run_ready();
  tasks.cancel();
  loop.block_on(tasks.join());
  EXPECT_EQ(errors, (std::vector<Errc>{Errc::kCancelled, Errc::kCancelled}));
}

TEST(TaskGroup, TasksSpawnedAfterCancelStartCancelled) {
  ManualClock clock;
  Loop loop(clock);
  TaskGroup tasks(loop);
  tasks.cancel();
  std::vector<Errc> errors;
  tasks.spawn(sleep_twice(&loop, &errors));
  loop.block_on(tasks.join());
  EXPECT_EQ(errors.size(), 2U);
}

Task<void> cancel_own_group(Loop* loop, TaskGroup* group, std::vector<Errc>* errors) {
  group->cancel();
  Result<void> slept = co_await sleep(*loop, seconds(10));
  if (!slept) errors->push_back(slept.error().code());
}

TEST(TaskGroup, ATaskMayCancelItsOwnGroup) {
  ManualClock clock;
  Loop loop(clock);
  TaskGroup tasks(loop);
  std::vector<Errc> errors;
  tasks.spawn(cancel_own_group(&loop, &tasks, &errors));
  tasks.spawn(sleep_twice(&loop, &errors));
  loop.block_on(tasks.join());
  EXPECT_EQ(errors.size(), 3U);
}

Task<void> nested(Loop* loop, int* ended) {
  TaskGroup inner(*loop);
  std::vector<Errc> errors;
  inner.spawn(sleep_twice(loop, &errors));
  inner.spawn(sleep_twice(loop, &errors));
  Result<void> slept = co_await sleep(*loop, seconds(100));
  EXPECT_EQ(slept.error().code(), Errc::kCancelled);
  inner.cancel();
  co_await inner.join();
  EXPECT_EQ(errors.size(), 4U);
  ++*ended;
}

TEST(TaskGroup, ACancelledTaskCanStillJoinItsOwn) {
  ManualClock clock;
  Loop loop(clock);
  TaskGroup tasks(loop);
  int ended = 0;
  tasks.spawn(nested(&loop, &ended));
  tasks.spawn(nested(&loop, &ended));
  loop.run_ready();
  tasks.cancel();
  loop.block_on(tasks.join());
  EXPECT_EQ(ended, 2);
}

TEST(TaskGroup, NeverRunsATaskInsideSpawn) {
  Loop loop;
  TaskGroup tasks(loop);
  int counter = 0;
  bool was_zero = false;
  loop.post([&] {
    tasks.spawn(count_up(&counter));
    was_zero = counter == 0;
  });
  loop.run_ready();
  EXPECT_TRUE(was_zero);
  EXPECT_EQ(counter, 1);
}

TEST(TaskGroupDeathTest, DestroyingItWithRunningTasksIsABug) {
  EXPECT_DEATH(
      {
        ManualClock clock;
        Loop loop(clock);
        std::vector<Errc> errors;
        TaskGroup tasks(loop);
        tasks.spawn(sleep_twice(&loop, &errors));
      },
      "outlive");
}

}  // namespace
}  // namespace odradek::io
