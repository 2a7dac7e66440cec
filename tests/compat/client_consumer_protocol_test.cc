// Groups of the consumer protocol (KIP-848).
#include "client_fixture.h"

namespace odradek::compat {
namespace {

class ConsumerProtocolTest : public ClientTest {
 protected:
  static ok::ConsumerOptions options_of(const std::string& group) {
    ok::ConsumerOptions options = group_options(group);
    options.protocol = ok::GroupProtocol::consumer;
    return options;
  }

  // Calls next() of all until `is_done`, and forgets what they read.
  template <class Condition>
  static bool poll_until(const std::vector<ok::Consumer*>& consumers, Condition is_done) {
    const auto end = std::chrono::steady_clock::now() + seconds(60);
    while (!is_done() && std::chrono::steady_clock::now() < end) {
      for (ok::Consumer* consumer : consumers) {
        const auto batch = consumer->next(milliseconds(20)).get();
        EXPECT_TRUE(batch) << batch.error().to_string();
        if (!batch) return false;
      }
    }
    return is_done();
  }
};

TEST_F(ConsumerProtocolTest, GoesOnWhereTheGroupCommitted) {
  const std::string topic = create_topic(1);
  fill(topic, 30, 0);
  auto options = options_of(fresh_name("group"));
  options.auto_commit = false;
  {
    ok::Consumer consumer(*client_, options);
    ASSERT_TRUE(consumer.subscribe({topic}));
    ASSERT_EQ(read(consumer, 30).size(), 30U);
    const auto done =
        consumer.commit({{{topic, 0}, ok::OffsetAndMetadata{.offset = 12, .metadata = "note"}}})
            .get();
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_GT(consumer.group_metadata().generation, 0);
    EXPECT_FALSE(consumer.group_metadata().member_id.empty());
    ASSERT_TRUE(consumer.close(seconds(10)).get());
  }
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.subscribe({topic}));
  const auto seen = read(consumer, 18);
  ASSERT_EQ(seen.size(), 18U);
  EXPECT_EQ(seen[0].offset, 12);
  const auto committed = consumer.commit().get();
  ASSERT_TRUE(committed) << committed.error().to_string();
  EXPECT_EQ((*consumer.committed({{topic, 0}}).get())[0].committed->offset, 30);
}

TEST_F(ConsumerProtocolTest, GivesUpOnlyWhatMoves) {
  const std::string topic = create_topic(4);
  const auto options = options_of(fresh_name("group"));
  std::vector<std::string> events;
  ok::RebalanceHandler handler;
  handler.on_assigned = [&](const auto& partitions) {
    events.push_back("assigned " + std::to_string(partitions.size()));
  };
  handler.on_revoked = [&](const auto& partitions) {
    events.push_back("revoked " + std::to_string(partitions.size()));
  };
  ok::Consumer first(*client_, options);
  ASSERT_TRUE(first.subscribe({topic}, handler));
  ASSERT_TRUE(poll_until({&first}, [&] { return first.assignment().size() == 4; }));
  ok::Consumer second(*client_, options);
  ASSERT_TRUE(second.subscribe({topic}));
  ASSERT_TRUE(poll_until({&first, &second}, [&] {
    return first.assignment().size() == 2 && second.assignment().size() == 2;
  }));
  EXPECT_EQ(events.back(), "revoked 2");
  ASSERT_TRUE(second.close(seconds(10)).get());
  EXPECT_TRUE(poll_until({&first}, [&] { return events.back() == "assigned 2"; }));
  EXPECT_EQ(first.assignment().size(), 4U);
}

TEST_F(ConsumerProtocolTest, ChangesItsSubscription) {
  const std::string one = create_topic(1);
  const std::string two = create_topic(1);
  ok::Consumer consumer(*client_, options_of(fresh_name("group")));
  ASSERT_TRUE(consumer.subscribe({one}));
  ASSERT_TRUE(poll_until({&consumer}, [&] { return consumer.assignment().size() == 1; }));
  ASSERT_TRUE(consumer.subscribe({one, two}));
  ASSERT_TRUE(poll_until({&consumer}, [&] { return consumer.assignment().size() == 2; }));
  ASSERT_TRUE(consumer.subscribe({two}));
  ASSERT_TRUE(poll_until({&consumer}, [&] {
    return consumer.assignment() == std::vector<ok::TopicPartition>{{two, 0}};
  }));
}

TEST_F(ConsumerProtocolTest, KeepsThePlaceOfAStaticMember) {
  const std::string topic = create_topic(2);
  fill(topic, 10, 0);
  auto options = options_of(fresh_name("group"));
  options.instance_id = "one";
  {
    ok::Consumer consumer(*client_, options);
    ASSERT_TRUE(consumer.subscribe({topic}));
    ASSERT_EQ(read(consumer, 10).size(), 10U);
    ASSERT_TRUE(consumer.close(seconds(10)).get());
  }
  ok::Consumer again(*client_, options);
  ASSERT_TRUE(again.subscribe({topic}));
  EXPECT_TRUE(poll_until({&again}, [&] { return again.assignment().size() == 2; }));
}

TEST_F(ConsumerProtocolTest, FailsWithAnAssignorNobodyKnows) {
  const std::string topic = create_topic(1);
  auto options = options_of(fresh_name("group"));
  options.remote_assignor = "nobody";
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.subscribe({topic}));
  const auto end = std::chrono::steady_clock::now() + seconds(60);
  auto batch = consumer.next(milliseconds(100)).get();
  while (batch && std::chrono::steady_clock::now() < end) {
    batch = consumer.next(milliseconds(100)).get();
  }
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().kind(), ok::ErrorKind::server);
  EXPECT_EQ(batch.error().code_name(), "UNSUPPORTED_ASSIGNOR");
}

TEST_F(ConsumerProtocolTest, LeavesTheGroupWhenTheProgramIsTooSlow) {
  const std::string topic = create_topic(1);
  auto options = options_of(fresh_name("group"));
  options.max_poll_interval = milliseconds(1000);
  bool is_lost = false;
  ok::RebalanceHandler handler;
  handler.on_lost = [&](const auto&) { is_lost = true; };
  ok::Consumer slow(*client_, options);
  ASSERT_TRUE(slow.subscribe({topic}, handler));
  ASSERT_TRUE(poll_until({&slow}, [&] { return slow.assignment().size() == 1; }));
  ok::Consumer quick(*client_, options);
  ASSERT_TRUE(quick.subscribe({topic}));
  // Nobody calls slow.next(): its partition goes to the other.
  EXPECT_TRUE(poll_until({&quick}, [&] { return quick.assignment().size() == 1; }));
  ASSERT_TRUE(slow.next(milliseconds(10)).get());
  EXPECT_TRUE(is_lost);
}

// Part of the group moves to the new protocol while the rest still speaks the old one.
TEST_F(ConsumerProtocolTest, SharesAGroupWithClassicMembers) {
  const std::string topic = create_topic(4);
  const std::string group = fresh_name("group");
  auto classic = group_options(group);
  classic.assignors = {ok::Assignor::range};
  ok::Consumer old_member(*client_, classic);
  ASSERT_TRUE(old_member.subscribe({topic}));
  ASSERT_TRUE(poll_until({&old_member}, [&] { return old_member.assignment().size() == 4; }));
  ok::Consumer new_member(*client_, options_of(group));
  ASSERT_TRUE(new_member.subscribe({topic}));
  EXPECT_TRUE(poll_until({&old_member, &new_member}, [&] {
    return old_member.assignment().size() == 2 && new_member.assignment().size() == 2;
  }));
  ASSERT_TRUE(old_member.close(seconds(10)).get());
  EXPECT_TRUE(poll_until({&new_member}, [&] { return new_member.assignment().size() == 4; }));
}

}  // namespace
}  // namespace odradek::compat
