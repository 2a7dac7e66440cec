// Groups, their members and offsets, as an admin sees them.
#include <algorithm>

#include "client_fixture.h"

namespace odradek::compat {
namespace {

class AdminGroupsTest : public ClientTest {
 protected:
  // Reads `count` records as the only member, then leaves.
  void read_as_group(const std::string& group, const std::string& topic, size_t count) {
    ok::Consumer consumer(*client_, group_options(group));
    ASSERT_TRUE(consumer.subscribe({topic}));
    ASSERT_EQ(read(consumer, count).size(), count);
    ASSERT_TRUE(consumer.close(seconds(10)).get());
  }

  std::optional<int64_t> offset_of(const std::string& group, const ok::TopicPartition& id) {
    const auto offsets = admin_.group_offsets(group).get();
    EXPECT_TRUE(offsets);
    for (const ok::CommittedOffset& item : *offsets) {
      if (item.partition == id && item.committed) return item.committed->offset;
    }
    return std::nullopt;
  }
};

TEST_F(AdminGroupsTest, ArePresentWithMembersAndOffsets) {
  const std::string topic = create_topic(2);
  fill(topic, 10);
  const std::string group = fresh_name("group");
  {
    ok::Consumer consumer(*client_, group_options(group));
    ASSERT_TRUE(consumer.subscribe({topic}));
    ASSERT_EQ(read(consumer, 10).size(), 10U);
    const auto description = admin_.describe_group(group).get();
    ASSERT_TRUE(description) << description.error().to_string();
    EXPECT_EQ(description->state, "Stable");
    EXPECT_EQ(description->type, "Classic");
    EXPECT_GE(description->coordinator, 0);
    EXPECT_FALSE(description->authorized_operations.empty());
    ASSERT_EQ(description->members.size(), 1U);
    EXPECT_EQ(description->members[0].assignment.size(), 2U);
    const auto listed = admin_.list_groups().get();
    ASSERT_TRUE(listed);
    const auto found = std::ranges::find(*listed, group, &ok::GroupListing::id);
    ASSERT_NE(found, listed->end());
    EXPECT_EQ(found->type, "Classic");
    ASSERT_TRUE(consumer.close(seconds(10)).get());
  }
  const auto moved = ok::all(
      admin_.alter_group_offsets(group, {{{topic, 0}, ok::OffsetAndMetadata{.offset = 1}}}).get());
  ASSERT_TRUE(moved) << moved.error().to_string();
  EXPECT_EQ(offset_of(group, {topic, 0}), 1);
  const auto some = admin_.group_offsets(group, {{topic, 0}, {topic, 1}}).get();
  ASSERT_TRUE(some) << some.error().to_string();
  EXPECT_EQ(some->size(), 2U);
  const auto forgotten = ok::all(admin_.delete_group_offsets(group, {{topic, 0}}).get());
  ASSERT_TRUE(forgotten) << forgotten.error().to_string();
  EXPECT_EQ(offset_of(group, {topic, 0}), std::nullopt);
  const auto deleted = ok::all(admin_.delete_groups({group}).get());
  ASSERT_TRUE(deleted) << deleted.error().to_string();
  const auto unknown = admin_.delete_groups({group}).get();
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->front().result.error().code(), ok::ServerCode::group_id_not_found);
}

TEST_F(AdminGroupsTest, AreListedByStateAndType) {
  const std::string topic = create_topic(1);
  fill(topic, 5);
  const std::string group = fresh_name("group");
  read_as_group(group, topic, 5);
  const auto has = [&](ok::GroupFilter filter) {
    const auto listed = admin_.list_groups(std::move(filter)).get();
    EXPECT_TRUE(listed) << listed.error().to_string();
    return std::ranges::any_of(*listed, [&](const auto& g) { return g.id == group; });
  };
  EXPECT_TRUE(has({.states = {"Empty"}}));
  EXPECT_FALSE(has({.states = {"Stable"}}));
  EXPECT_TRUE(has({.types = {"Classic"}}));
  EXPECT_FALSE(has({.types = {"Consumer"}}));
  EXPECT_TRUE(has({.protocol_types = {"consumer"}}));
  EXPECT_FALSE(has({.protocol_types = {"connect"}}));
}

TEST_F(AdminGroupsTest, OfBothProtocolsAreDescribedTogether) {
  const std::string topic = create_topic(3);
  fill(topic, 9);
  const std::string classic = fresh_name("classic");
  const std::string modern = fresh_name("modern");
  ok::ConsumerOptions options = group_options(modern);
  options.protocol = ok::GroupProtocol::consumer;
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.subscribe({topic}));
  ASSERT_EQ(read(consumer, 9).size(), 9U);
  read_as_group(classic, topic, 9);

  const auto described = admin_.describe_groups({classic, modern, "no-such-group"}).get();
  ASSERT_TRUE(described) << described.error().to_string();
  ASSERT_EQ(described->size(), 3U);
  ASSERT_TRUE((*described)[0].result) << (*described)[0].result.error().to_string();
  EXPECT_EQ((*described)[0].result->type, "Classic");
  EXPECT_EQ((*described)[0].result->state, "Empty");
  ASSERT_TRUE((*described)[1].result) << (*described)[1].result.error().to_string();
  const ok::GroupDescription& group = *(*described)[1].result;
  EXPECT_EQ(group.type, "Consumer");
  EXPECT_GE(group.epoch, 1);
  ASSERT_EQ(group.members.size(), 1U);
  EXPECT_EQ(group.members[0].assignment.size(), 3U);
  EXPECT_EQ(group.members[0].target_assignment.size(), 3U);
  EXPECT_EQ(group.members[0].subscribed_topics, (std::vector<std::string>{topic}));
  EXPECT_EQ((*described)[2].result.error().code(), ok::ServerCode::group_id_not_found);
  ASSERT_TRUE(consumer.close(seconds(10)).get());
}

TEST_F(AdminGroupsTest, OffsetsOfManyComeAtOnce) {
  const std::string topic = create_topic(1);
  fill(topic, 4);
  const std::string one = fresh_name("one");
  const std::string two = fresh_name("two");
  read_as_group(one, topic, 4);
  read_as_group(two, topic, 4);
  const auto offsets = ok::all(admin_.offsets_of_groups({one, two, "no-such-group"}).get());
  ASSERT_TRUE(offsets) << offsets.error().to_string();
  ASSERT_EQ((*offsets)[0].size(), 1U);
  EXPECT_EQ((*offsets)[0][0].committed->offset, 4);
  EXPECT_EQ((*offsets)[1].size(), 1U);
  EXPECT_TRUE((*offsets)[2].empty());
}

TEST_F(AdminGroupsTest, OffsetsInUseAreNotTouched) {
  const std::string topic = create_topic(1);
  fill(topic, 4);
  const std::string group = fresh_name("group");
  ok::Consumer consumer(*client_, group_options(group));
  ASSERT_TRUE(consumer.subscribe({topic}));
  ASSERT_EQ(read(consumer, 4).size(), 4U);
  ASSERT_TRUE(consumer.commit().get());
  const auto altered = ok::all(
      admin_.alter_group_offsets(group, {{{topic, 0}, ok::OffsetAndMetadata{.offset = 1}}}).get());
  ASSERT_FALSE(altered);
  EXPECT_EQ(altered.error().code(), ok::ServerCode::unknown_member_id);
  const auto forgotten = admin_.delete_group_offsets(group, {{topic, 0}}).get();
  ASSERT_TRUE(forgotten) << forgotten.error().to_string();
  EXPECT_EQ(forgotten->front().result.error().code(), ok::ServerCode::group_subscribed_to_topic);
  const auto deleted = admin_.delete_groups({group}).get();
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->front().result.error().code(), ok::ServerCode::non_empty_group);
  ASSERT_TRUE(consumer.close(seconds(10)).get());
}

TEST_F(AdminGroupsTest, MembersAreRemovedByNameOrAll) {
  const std::string topic = create_topic(1);
  fill(topic, 1);
  const std::string group = fresh_name("group");
  ok::ConsumerOptions options = group_options(group);
  options.instance_id = "static-1";
  ok::Consumer consumer(*client_, options);
  ASSERT_TRUE(consumer.subscribe({topic}));
  ASSERT_EQ(read(consumer, 1).size(), 1U);
  const auto wrong =
      admin_.remove_members(group, {{.instance_id = "nobody"}}, "a test of this call").get();
  ASSERT_TRUE(wrong) << wrong.error().to_string();
  ASSERT_EQ(wrong->size(), 1U);
  EXPECT_EQ(wrong->front().name, "nobody");
  EXPECT_EQ(wrong->front().result.error().code(), ok::ServerCode::unknown_member_id);
  const auto removed = admin_.remove_members(group, {}).get();
  ASSERT_TRUE(removed) << removed.error().to_string();
  ASSERT_EQ(removed->size(), 1U);
  EXPECT_EQ(removed->front().name, "static-1");
  EXPECT_TRUE(removed->front().result) << removed->front().result.error().to_string();
  ASSERT_TRUE(consumer.close(seconds(10)).get());
}

}  // namespace
}  // namespace odradek::compat
