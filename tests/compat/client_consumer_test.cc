#include <algorithm>
#include <coroutine>
#include <thread>

#include "client_fixture.h"

namespace odradek::compat {
namespace {

class ConsumerTest : public ClientTest {};

TEST_F(ConsumerTest, ReadsAssignedPartitionsFromTheBeginning) {
  const std::string topic = create_topic(2);
  fill(topic, 100, 0);
  fill(topic, 50, 1);
  ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
  ASSERT_TRUE(consumer.assign({{topic, 0}, {topic, 1}}));
  std::map<int32_t, int64_t> next;
  for (const Seen& seen : read(consumer, 150)) {
    EXPECT_EQ(seen.offset, next[seen.partition]++);
    EXPECT_EQ(seen.value, std::to_string(seen.offset));
  }
  EXPECT_EQ(next[0], 100);
  EXPECT_EQ(next[1], 50);
  EXPECT_EQ(*consumer.position({topic, 1}).get(), 50);
  EXPECT_EQ(consumer.lag({topic, 0}), 0);
}

TEST_F(ConsumerTest, BeginsAtTheEndWhenAskedTo) {
  const std::string topic = create_topic(1);
  fill(topic, 10, 0);
  ok::Consumer consumer(*client_, {.start = ok::Start::latest});
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  EXPECT_EQ(*consumer.position({topic, 0}).get(), 10);
  fill(topic, 1, 0);
  const auto seen = read(consumer, 1);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].offset, 10);
}

TEST_F(ConsumerTest, SaysThatThereIsNoOffsetWhenItMayNotChoose) {
  const std::string topic = create_topic(1);
  auto options = group_options(fresh_name("group"));
  options.start = ok::Start::none;
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  const auto failed = consumer.next(seconds(10)).get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind(), ok::ErrorKind::no_offset);
}

TEST_F(ConsumerTest, JoinsItsGroupWithinTheFirstCallOfNext) {
  const std::string topic = create_topic(1);
  fill(topic, 1, 0);
  for (int round = 0; round < 10; ++round) {
    ok::Consumer consumer(*client_, group_options(fresh_name("group")));
    ASSERT_TRUE(consumer.subscribe({topic}));
    ASSERT_TRUE(consumer.next(seconds(10)).get());
    EXPECT_FALSE(consumer.group_metadata().member_id.empty());
  }
}

TEST_F(ConsumerTest, ResetsAnOffsetThatIsOutOfRange) {
  const std::string topic = create_topic(1);
  fill(topic, 10, 0);
  ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  ASSERT_TRUE(consumer.seek({topic, 0}, 5000));
  const auto seen = read(consumer, 10);
  ASSERT_EQ(seen.size(), 10U);
  EXPECT_EQ(seen[0].offset, 0);
}

TEST_F(ConsumerTest, SeeksForwardAndBack) {
  const std::string topic = create_topic(1);
  fill(topic, 100, 0);
  ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  ASSERT_EQ(read(consumer, 100).size(), 100U);
  ASSERT_TRUE(consumer.seek({topic, 0}, 42));
  EXPECT_EQ(*consumer.position({topic, 0}).get(), 42);
  const auto seen = read(consumer, 58);
  ASSERT_EQ(seen.size(), 58U);
  EXPECT_EQ(seen[0].offset, 42);
  ASSERT_TRUE(consumer.seek_to_beginning({{topic, 0}}));
  EXPECT_EQ(read(consumer, 1)[0].offset, 0);
  ASSERT_TRUE(consumer.seek_to_end({{topic, 0}}));
  EXPECT_EQ(*consumer.position({topic, 0}).get(), 100);
  const auto failed = consumer.seek({"another", 0}, 1);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind(), ok::ErrorKind::state);
}

TEST_F(ConsumerTest, HandsOutNothingOfAPausedPartition) {
  const std::string topic = create_topic(2);
  fill(topic, 20, 0);
  fill(topic, 20, 1);
  ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
  ASSERT_TRUE(consumer.assign({{topic, 0}, {topic, 1}}));
  ASSERT_TRUE(consumer.pause({{topic, 0}}));
  EXPECT_EQ(consumer.paused(), (std::vector<ok::TopicPartition>{{topic, 0}}));
  for (const Seen& seen : read(consumer, 20)) EXPECT_EQ(seen.partition, 1);
  auto nothing = consumer.next(milliseconds(300)).get();
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->empty());
  ASSERT_TRUE(consumer.resume({{topic, 0}}));
  for (const Seen& seen : read(consumer, 20)) EXPECT_EQ(seen.partition, 0);
}

TEST_F(ConsumerTest, FindsOffsetsByTime) {
  const std::string topic = create_topic(1);
  ok::Producer producer(*client_, {});
  for (int64_t i = 0; i < 10; ++i) {
    ok::Record record{.topic = topic, .value = "v"};
    record.timestamp_ms = 1'700'000'000'000 + i * 1000;
    ASSERT_TRUE(producer.send(record).get());
  }
  ok::Consumer consumer(*client_, {});
  const auto found = consumer.offsets_for_times({{topic, 0}}, 1'700'000'003'500).get();
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ((*found)[0].offset, 4);
  EXPECT_EQ((*found)[0].timestamp_ms, 1'700'000'004'000);
  EXPECT_EQ((*consumer.offsets_for_times({{topic, 0}}, 1'800'000'000'000).get())[0].offset, -1);
  EXPECT_EQ((*consumer.beginning_offsets({{topic, 0}}).get())[0].offset, 0);
  EXPECT_EQ((*consumer.end_offsets({{topic, 0}}).get())[0].offset, 10);
}

TEST_F(ConsumerTest, GoesOnWhereTheGroupCommitted) {
  const std::string topic = create_topic(1);
  fill(topic, 30, 0);
  const std::string group = fresh_name("group");
  auto options = group_options(group);
  options.auto_commit = false;
  {
    ok::Consumer consumer(*client_, options);
    ASSERT_TRUE(consumer.subscribe({topic}));
    ASSERT_EQ(read(consumer, 30).size(), 30U);
    const auto done =
        consumer.commit({{{topic, 0}, ok::OffsetAndMetadata{.offset = 12, .metadata = "note"}}})
            .get();
    ASSERT_TRUE(done) << done.error().to_string();
    const auto read_back = consumer.committed({{topic, 0}}).get();
    ASSERT_TRUE(read_back);
    EXPECT_EQ((*read_back)[0].committed->offset, 12);
    EXPECT_EQ((*read_back)[0].committed->metadata, "note");
    ASSERT_TRUE(consumer.close(seconds(10)).get());
  }
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.subscribe({topic}));
  const auto seen = read(consumer, 18);
  ASSERT_EQ(seen.size(), 18U);
  EXPECT_EQ(seen[0].offset, 12);
  ASSERT_TRUE(consumer.commit().get());
  EXPECT_EQ((*consumer.committed({{topic, 0}}).get())[0].committed->offset, 30);
  EXPECT_GE(consumer.group_metadata().generation, 0);
}

TEST_F(ConsumerTest, CommitsByItselfOnClose) {
  const std::string topic = create_topic(1);
  fill(topic, 30, 0);
  const std::string group = fresh_name("group");
  {
    ok::Consumer consumer(*client_, group_options(group));
    ASSERT_TRUE(consumer.subscribe({topic}));
    ASSERT_EQ(read(consumer, 30).size(), 30U);
    ASSERT_TRUE(consumer.close(seconds(10)).get());
  }
  const auto offsets = admin_.group_offsets(group).get();
  ASSERT_TRUE(offsets);
  ASSERT_EQ(offsets->size(), 1U);
  EXPECT_EQ((*offsets)[0].committed->offset, 30);
}

// Three members, one after the other: every record is read by somebody, the partitions are even.
struct GroupKind {
  std::string_view name;
  ok::GroupProtocol protocol;
  ok::Assignor assignor;
};

class GroupTest : public ConsumerTest, public testing::WithParamInterface<GroupKind> {};

TEST_P(GroupTest, SharesPartitionsAndLosesNothing) {
  const std::string topic = create_topic(6);
  auto options = group_options(fresh_name("group"));
  options.protocol = GetParam().protocol;
  options.assignors = {GetParam().assignor};
  std::vector<std::unique_ptr<ok::Consumer>> members;
  for (int i = 0; i < 3; ++i) {
    members.push_back(std::make_unique<ok::Consumer>(*client_, options));
    ASSERT_TRUE(members.back()->subscribe({topic}));
  }
  std::set<std::string> seen;
  const auto is_even = [&members] {
    return std::ranges::all_of(members, [](const auto& m) { return m->assignment().size() == 2; });
  };
  const auto poll_all = [&] {
    for (const auto& member : members) {
      auto batch = member->next(milliseconds(20)).get();
      ASSERT_TRUE(batch) << batch.error().to_string();
      for (const ok::RecordView& record : *batch) seen.emplace(record.value());
    }
  };
  const auto end = std::chrono::steady_clock::now() + seconds(60);
  while (!is_even() && std::chrono::steady_clock::now() < end) poll_all();
  ASSERT_TRUE(is_even());
  fill(topic, 300);
  while (seen.size() < 300 && std::chrono::steady_clock::now() < end) poll_all();
  EXPECT_EQ(seen.size(), 300U);

  // One leaves; the others take over its partitions.
  ASSERT_TRUE(members.back()->close(seconds(10)).get());
  members.pop_back();
  const auto has_all = [&members] {
    return members[0]->assignment().size() == 3 && members[1]->assignment().size() == 3;
  };
  while (!has_all() && std::chrono::steady_clock::now() < end) poll_all();
  EXPECT_TRUE(has_all());
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, GroupTest,
    testing::Values(GroupKind{"Range", ok::GroupProtocol::classic, ok::Assignor::range},
                    GroupKind{"RoundRobin", ok::GroupProtocol::classic, ok::Assignor::round_robin},
                    GroupKind{"Cooperative", ok::GroupProtocol::classic,
                              ok::Assignor::cooperative_sticky},
                    GroupKind{"Consumer", ok::GroupProtocol::consumer, ok::Assignor::range}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(ConsumerTest, TellsOfRebalancesInsideNext) {
  const std::string topic = create_topic(2);
  auto options = group_options(fresh_name("group"));
  std::vector<std::string> events;
  ok::RebalanceHandler handler;
  const auto thread = std::this_thread::get_id();
  handler.on_assigned = [&](const std::vector<ok::TopicPartition>& partitions) {
    EXPECT_EQ(std::this_thread::get_id(), thread);
    events.push_back("assigned " + std::to_string(partitions.size()));
  };
  ok::Consumer first(*client_, options);
  handler.on_revoked = [&](const std::vector<ok::TopicPartition>& partitions) {
    events.push_back("revoked " + std::to_string(partitions.size()));
    return first.commit();
  };
  ASSERT_TRUE(first.subscribe({topic}, handler));
  const auto end = std::chrono::steady_clock::now() + seconds(60);
  while (events.empty() && std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(first.next(milliseconds(50)).get());
  }
  EXPECT_EQ(events, std::vector<std::string>{"assigned 2"});

  ok::Consumer second(*client_, options);
  ASSERT_TRUE(second.subscribe({topic}));
  while (events.size() < 3 && std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(first.next(milliseconds(50)).get());
    ASSERT_TRUE(second.next(milliseconds(50)).get());
  }
  EXPECT_EQ(events, (std::vector<std::string>{"assigned 2", "revoked 2", "assigned 1"}));
  ASSERT_TRUE(first.close(seconds(10)).get());
  EXPECT_EQ(events.back(), "revoked 1");
}

TEST_F(ConsumerTest, LeavesTheGroupWhenTheProgramIsTooSlow) {
  const std::string topic = create_topic(1);
  auto options = group_options(fresh_name("group"));
  options.max_poll_interval = milliseconds(1000);
  bool is_lost = false;
  ok::RebalanceHandler handler;
  handler.on_lost = [&](const std::vector<ok::TopicPartition>&) { is_lost = true; };
  ok::Consumer slow(*client_, options);
  ASSERT_TRUE(slow.subscribe({topic}, handler));
  const auto end = std::chrono::steady_clock::now() + seconds(60);
  while (slow.assignment().empty() && std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(slow.next(milliseconds(50)).get());
  }
  // Nobody calls next(): after a second the group is empty.
  bool is_empty = false;
  while (!is_empty && std::chrono::steady_clock::now() < end) {
    const auto group = admin_.describe_group(options.group).get();
    is_empty = group && group->members.empty();
  }
  EXPECT_TRUE(is_empty);
  EXPECT_FALSE(is_lost);
  ASSERT_TRUE(slow.next(milliseconds(10)).get());
  EXPECT_TRUE(is_lost);
  while (slow.assignment().empty() && std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(slow.next(milliseconds(50)).get());
  }
  EXPECT_EQ(slow.assignment().size(), 1U);
}

TEST_F(ConsumerTest, WakesUpAndCloses) {
  const std::string topic = create_topic(1);
  ok::Consumer consumer(*client_, {});
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  auto waiting = consumer.next(seconds(60));
  consumer.wake();
  const auto woken = waiting.get(seconds(10));
  ASSERT_TRUE(woken) << woken.error().to_string();
  EXPECT_TRUE(woken->empty());
  auto last = consumer.next(seconds(60));
  ASSERT_TRUE(consumer.close(seconds(5)).get());
  EXPECT_TRUE(last.get(seconds(10)));
  EXPECT_EQ(consumer.next(seconds(1)).get().error().kind(), ok::ErrorKind::closed);
}

TEST_F(ConsumerTest, MayBeDestroyedWhileItWaits) {
  const std::string topic = create_topic(1);
  auto consumer = std::make_unique<ok::Consumer>(*client_, group_options(fresh_name("group")));
  ASSERT_TRUE(consumer->subscribe({topic}));
  auto waiting = consumer->next(seconds(60));
  consumer.reset();
  const auto failed = waiting.get(seconds(10));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind(), ok::ErrorKind::closed);
}

// The smallest coroutine type there is: starts at once, ends by itself.
struct FireAndForget {
  struct promise_type {
    FireAndForget get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

FireAndForget echo(ok::Producer& producer, ok::Consumer& consumer, std::string topic,
                   std::string& got, std::atomic<bool>& is_done) {
  ok::Record record{.topic = topic, .value = "hello"};
  auto sent = co_await producer.send(record);
  EXPECT_TRUE(sent);
  EXPECT_TRUE(ok::on_client_thread());
  auto refused = producer.flush(seconds(1)).get();
  if (!refused) EXPECT_EQ(refused.error().kind(), ok::ErrorKind::state);
  while (got.empty()) {
    auto batch = co_await consumer.next(seconds(5));
    EXPECT_TRUE(batch);
    if (!batch) break;
    for (const ok::RecordView& view : *batch) got = view.value();
  }
  is_done = true;
}

TEST_F(ConsumerTest, WorksInACoroutine) {
  const std::string topic = create_topic(1);
  ok::Producer producer(*client_, {});
  ok::Consumer consumer(*client_, {.start = ok::Start::earliest});
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  std::string got;
  std::atomic<bool> is_done = false;
  echo(producer, consumer, topic, got, is_done);
  const auto end = std::chrono::steady_clock::now() + seconds(20);
  while (!is_done && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(got, "hello");
}

TEST_F(ConsumerTest, KeepsItsBufferWithinTheBound) {
  const std::string topic = create_topic(1);
  {
    ok::Producer producer(*client_, {.batch_bytes = 100'000});
    const std::string value(1000, 'x');
    for (int i = 0; i < 5000; ++i) {
      ASSERT_TRUE(producer.send({.topic = topic, .value = value}, nullptr));
    }
    ASSERT_TRUE(producer.close(seconds(30)).get());
  }
  ok::Consumer consumer(
      *client_,
      {.start = ok::Start::earliest, .partition_bytes_max = 200'000, .prefetch_bytes = 400'000});
  ASSERT_TRUE(consumer.assign({{topic, 0}}));
  EXPECT_EQ(read(consumer, 5000).size(), 5000U);
}

}  // namespace
}  // namespace odradek::compat
