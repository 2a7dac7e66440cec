#include "client/consumer/assignor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "client/consumer/subscription_codec.h"

namespace odradek::client {
namespace {

using kafka::TopicPartition;

Subscriber member(std::string id, std::vector<std::string> topics) {
  Subscriber subscriber;
  subscriber.member_id = std::move(id);
  subscriber.topics = std::move(topics);
  return subscriber;
}

std::vector<TopicPartition> of(const std::string& topic, std::initializer_list<int32_t> numbers) {
  std::vector<TopicPartition> partitions;
  for (const int32_t number : numbers) partitions.push_back({topic, number});
  return partitions;
}

TEST(RangeAssignor, GivesRunsAndTheRestToTheFirst) {
  const auto assignment =
      assign_range({member("b", {"t"}), member("a", {"t"}), member("c", {"t"})}, {{"t", 7}});
  EXPECT_EQ(assignment.at("a"), of("t", {0, 1, 2}));
  EXPECT_EQ(assignment.at("b"), of("t", {3, 4}));
  EXPECT_EQ(assignment.at("c"), of("t", {5, 6}));
}

TEST(RangeAssignor, LooksAtEachTopicAlone) {
  const auto assignment =
      assign_range({member("a", {"t", "u"}), member("b", {"u"})}, {{"t", 2}, {"u", 3}});
  EXPECT_EQ(assignment.at("a").size(), 4U);
  EXPECT_EQ(assignment.at("b"), of("u", {2}));
}

TEST(RangeAssignor, GivesNothingOfUnknownTopicsAndToExtraMembers) {
  const auto assignment =
      assign_range({member("a", {"t", "gone"}), member("b", {"t"})}, {{"t", 1}});
  EXPECT_EQ(assignment.at("a"), of("t", {0}));
  EXPECT_TRUE(assignment.at("b").empty());
}

TEST(RoundRobinAssignor, TakesTurnsAmongSubscribers) {
  const auto assignment =
      assign_round_robin({member("a", {"t"}), member("b", {"t", "u"})}, {{"t", 3}, {"u", 2}});
  EXPECT_EQ(assignment.at("a"), of("t", {0, 2}));
  std::vector<TopicPartition> expected = of("t", {1});
  expected.push_back({"u", 0});
  expected.push_back({"u", 1});
  EXPECT_EQ(assignment.at("b"), expected);
}

TEST(StickyAssignor, KeepsWhatMembersHave) {
  Subscriber first = member("a", {"t"});
  first.owned = of("t", {0, 2, 4});
  first.generation = 3;
  Subscriber second = member("b", {"t"});
  second.owned = of("t", {1, 3, 5});
  second.generation = 3;
  const auto same = assign_sticky({first, second}, {{"t", 6}});
  EXPECT_EQ(same.at("a"), first.owned);
  EXPECT_EQ(same.at("b"), second.owned);
  const auto joined = assign_sticky({first, second, member("c", {"t"})}, {{"t", 6}});
  EXPECT_EQ(joined.at("c").size(), 2U);
  EXPECT_TRUE(std::ranges::includes(first.owned, joined.at("a")));
  EXPECT_TRUE(std::ranges::includes(second.owned, joined.at("b")));
}

TEST(StickyAssignor, BelievesTheNewestOwner) {
  Subscriber zombie = member("a", {"t"});
  zombie.owned = of("t", {0, 1});
  zombie.generation = 3;
  Subscriber owner = member("b", {"t"});
  owner.owned = of("t", {0});
  owner.generation = 4;
  const auto assignment = assign_sticky({zombie, owner}, {{"t", 2}});
  EXPECT_EQ(assignment.at("b"), of("t", {0}));
}

TEST(CooperativeStickyAssignor, GivesAMovingPartitionToNobodyFirst) {
  Subscriber owner = member("a", {"t"});
  owner.owned = of("t", {0, 1});
  owner.generation = 1;
  const Subscriber newcomer = member("b", {"t"});
  const auto first = assign_cooperative_sticky({owner, newcomer}, {{"t", 2}});
  EXPECT_EQ(first.at("a").size(), 1U);
  EXPECT_TRUE(first.at("b").empty());
  owner.owned = first.at("a");
  owner.generation = 2;
  const auto second = assign_cooperative_sticky({owner, newcomer}, {{"t", 2}});
  EXPECT_EQ(second.at("a"), owner.owned);
  EXPECT_EQ(second.at("b").size(), 1U);
}

// Random groups: everything is given once, to a subscriber, and evenly where all subscribe alike.
TEST(Assignors, GiveEveryPartitionToOneSubscriber) {
  std::minstd_rand random(7);
  for (int round = 0; round < 200; ++round) {
    const bool is_uniform = round % 2 == 0;
    PartitionCounts counts;
    for (const char* topic : {"t", "u", "v"}) counts[topic] = static_cast<int32_t>(random() % 9);
    std::vector<Subscriber> members;
    const size_t count = 1 + random() % 6;
    for (size_t i = 0; i < count; ++i) {
      Subscriber subscriber = member("m" + std::to_string(i), {});
      for (const char* topic : {"t", "u", "v"}) {
        if (is_uniform || random() % 2 == 0) subscriber.topics.emplace_back(topic);
      }
      subscriber.generation = static_cast<int32_t>(random() % 3);
      for (const auto& [topic, partitions] : counts) {
        for (int32_t p = 0; p < partitions; ++p) {
          if (random() % 4 == 0) subscriber.owned.push_back({topic, p});
        }
      }
      members.push_back(std::move(subscriber));
    }
    for (const auto assignor : {&assign_range, &assign_round_robin, &assign_sticky}) {
      const Assignment assignment = assignor(members, counts);
      std::set<TopicPartition> given;
      size_t least = SIZE_MAX;
      size_t most = 0;
      for (const Subscriber& subscriber : members) {
        const auto& mine = assignment.at(subscriber.member_id);
        least = std::min(least, mine.size());
        most = std::max(most, mine.size());
        for (const TopicPartition& partition : mine) {
          EXPECT_TRUE(given.insert(partition).second);
          EXPECT_NE(std::ranges::find(subscriber.topics, partition.topic), subscriber.topics.end());
        }
      }
      size_t wanted = 0;
      for (const auto& [topic, partitions] : counts) {
        const bool has_taker = std::ranges::any_of(members, [&, name = topic](const auto& m) {
          return std::ranges::find(m.topics, name) != m.topics.end();
        });
        if (has_taker) wanted += static_cast<size_t>(partitions);
      }
      EXPECT_EQ(given.size(), wanted);
      if (is_uniform && assignor != &assign_range) EXPECT_LE(most - least, 1U);
    }
  }
}

TEST(SubscriptionCodec, ReadsBackWhatItWrote) {
  Subscriber subscriber = member("", {"u", "t"});
  subscriber.owned = of("t", {0, 3});
  subscriber.generation = 9;
  const auto bytes = encode_subscription(subscriber);
  ASSERT_TRUE(bytes.has_value());
  const auto decoded = decode_subscription(bytes->bytes());
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->topics, (std::vector<std::string>{"t", "u"}));
  EXPECT_EQ(decoded->owned, subscriber.owned);
  EXPECT_EQ(decoded->generation, 9);

  const auto assignment = encode_assignment(of("t", {2, 1}));
  ASSERT_TRUE(assignment.has_value());
  EXPECT_EQ(*decode_assignment(assignment->bytes()), of("t", {1, 2}));
  EXPECT_TRUE(decode_assignment({})->empty());
}

TEST(SubscriptionCodec, CarriesWhatStickyMembersHad) {
  Subscriber before = member("", {"t"});
  before.user_data = *encode_sticky_data(of("t", {2, 0}), 7);
  const auto bytes = encode_subscription(before);
  ASSERT_TRUE(bytes.has_value());
  auto after = decode_subscription(bytes->bytes());
  ASSERT_TRUE(after.has_value());
  EXPECT_TRUE(after->owned.empty());
  read_sticky_data(*after);
  EXPECT_EQ(after->owned, of("t", {0, 2}));
  EXPECT_EQ(after->generation, 7);
  for (size_t length = 1; length < before.user_data.size(); ++length) {
    Subscriber cut = member("", {"t"});
    cut.user_data = before.user_data.substr(0, length);
    cut.owned = of("t", {5});
    cut.generation = 3;
    read_sticky_data(cut);
    // Without the generation it is version 0; cut anywhere else it is nothing.
    const bool is_version_0 = length == before.user_data.size() - 4;
    EXPECT_EQ(cut.owned, is_version_0 ? of("t", {0, 2}) : of("t", {}));
    EXPECT_EQ(cut.generation, -1);
  }
}

// Whoever sends nonsense does not keep the others from getting partitions.
TEST(SubscriptionCodec, TakesUnreadableStickyDataForNone) {
  for (const std::string_view nonsense :
       {"x", "\x7f\xff\xff\xff", "\xff\xff\xff\xff", "no data at all"}) {
    Subscriber member_with_it = member("m", {"t"});
    member_with_it.user_data = nonsense;
    read_sticky_data(member_with_it);
    EXPECT_TRUE(member_with_it.owned.empty());
    EXPECT_EQ(member_with_it.generation, -1);
  }
}

// Version 0 of a subscription to "t", as written by the Java client; and a version to come.
TEST(SubscriptionCodec, ReadsOtherVersions) {
  const uint8_t old_version[] = {0, 0, 0, 0, 0, 1, 0, 1, 't', 0xFF, 0xFF, 0xFF, 0xFF};
  const auto decoded = decode_subscription(old_version);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->topics, std::vector<std::string>{"t"});
  EXPECT_EQ(decoded->generation, -1);

  Slice now = *encode_subscription(member("", {"t"}));
  std::vector<uint8_t> later(now.data(), now.data() + now.size());
  later[1] = 9;
  later.push_back(42);
  EXPECT_TRUE(decode_subscription(later).has_value());
  for (size_t length = 0; length < now.size(); ++length) {
    EXPECT_FALSE(decode_subscription(now.bytes().first(length)).has_value()) << length;
  }
}

}  // namespace
}  // namespace odradek::client
