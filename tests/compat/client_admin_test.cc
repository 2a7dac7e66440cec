#include <algorithm>

#include "client_fixture.h"

namespace odradek::compat {
namespace {

class AdminTest : public ClientTest {};

TEST_F(AdminTest, CreatesListsDescribesAndDeletesTopics) {
  const std::string topic = create_topic(3, {{"cleanup.policy", "compact"}});
  const auto described = admin_.describe_topics({topic}).get();
  ASSERT_TRUE(described) << described.error().to_string();
  EXPECT_EQ(described->front().partitions.size(), 3U);
  EXPECT_GE(described->front().partitions[0].leader, 0);
  const auto listed = admin_.list_topics().get();
  ASSERT_TRUE(listed);
  EXPECT_TRUE(std::ranges::any_of(*listed, [&](const auto& t) { return t.name == topic; }));

  const auto again = admin_.create_topics({{.name = topic, .partitions = 1}}).get();
  ASSERT_TRUE(again);
  ASSERT_FALSE(again->front().result);
  EXPECT_EQ(again->front().result.error().code(), ok::ServerCode::topic_already_exists);

  const auto deleted = admin_.delete_topics({topic}).get();
  ASSERT_TRUE(deleted);
  EXPECT_TRUE(deleted->front().result);
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (admin_.describe_topics({topic}).get() && std::chrono::steady_clock::now() < end) continue;
  const auto gone = admin_.describe_topics({topic}).get();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code(), ok::ServerCode::unknown_topic_or_partition);
}

TEST_F(AdminTest, AddsPartitionsThatProducersFind) {
  const std::string topic = create_topic(1);
  const auto grown = admin_.create_partitions({{topic, 4}}).get();
  ASSERT_TRUE(grown) << grown.error().to_string();
  ASSERT_TRUE(grown->front().result) << grown->front().result.error().to_string();
  const auto described = admin_.describe_topics({topic}).get();
  ASSERT_TRUE(described);
  EXPECT_EQ(described->front().partitions.size(), 4U);
}

TEST_F(AdminTest, DescribesTheCluster) {
  const auto cluster = admin_.describe_cluster().get();
  ASSERT_TRUE(cluster) << cluster.error().to_string();
  EXPECT_FALSE(cluster->id.empty());
  EXPECT_FALSE(cluster->brokers.empty());
}

TEST_F(AdminTest, ReadsAndChangesConfigurations) {
  const std::string topic = create_topic(1);
  const ok::Resource resource{.type = ok::ResourceType::topic, .name = topic};
  const auto value_of = [&](const std::string& name) -> std::optional<std::string> {
    const auto entries = admin_.describe_configs(resource).get();
    EXPECT_TRUE(entries) << entries.error().to_string();
    for (const ok::ConfigEntry& entry : *entries) {
      if (entry.name == name) return entry.value;
    }
    return std::nullopt;
  };
  const auto changed =
      admin_.alter_configs(resource, {{.name = "retention.ms", .value = "123456"}}).get();
  ASSERT_TRUE(changed) << changed.error().to_string();
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (value_of("retention.ms") != "123456" && std::chrono::steady_clock::now() < end) continue;
  EXPECT_EQ(value_of("retention.ms"), "123456");
  const auto wrong = admin_.alter_configs(resource, {{.name = "no.such.key", .value = "1"}}).get();
  EXPECT_FALSE(wrong);
}

TEST_F(AdminTest, LooksAfterGroupsAndTheirOffsets) {
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
    ASSERT_EQ(description->members.size(), 1U);
    EXPECT_EQ(description->members[0].assignment.size(), 2U);
    const auto listed = admin_.list_groups().get();
    ASSERT_TRUE(listed);
    EXPECT_TRUE(std::ranges::any_of(*listed, [&](const auto& g) { return g.id == group; }));
    ASSERT_TRUE(consumer.close(seconds(10)).get());
  }
  const auto moved =
      admin_.alter_group_offsets(group, {{{topic, 0}, ok::OffsetAndMetadata{.offset = 1}}}).get();
  ASSERT_TRUE(moved) << moved.error().to_string();
  const auto offset_of = [&](int32_t partition) -> std::optional<int64_t> {
    const auto offsets = admin_.group_offsets(group).get();
    EXPECT_TRUE(offsets);
    for (const ok::CommittedOffset& item : *offsets) {
      if (item.partition.partition == partition && item.committed) return item.committed->offset;
    }
    return std::nullopt;
  };
  EXPECT_EQ(offset_of(0), 1);
  const auto forgotten = admin_.delete_group_offsets(group, {{topic, 0}}).get();
  ASSERT_TRUE(forgotten) << forgotten.error().to_string();
  EXPECT_EQ(offset_of(0), std::nullopt);
  const auto deleted = admin_.delete_groups({group}).get();
  ASSERT_TRUE(deleted);
  EXPECT_TRUE(deleted->front().result) << deleted->front().result.error().to_string();
  const auto unknown = admin_.delete_groups({group}).get();
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->front().result.error().code(), ok::ServerCode::group_id_not_found);
}

TEST_F(AdminTest, DeletesRecords) {
  const std::string topic = create_topic(1);
  fill(topic, 20, 0);
  const auto deleted = admin_.delete_records({{.partition = {topic, 0}, .offset = 7}}).get();
  ASSERT_TRUE(deleted) << deleted.error().to_string();
  EXPECT_EQ(deleted->front().offset, 7);
  const auto first = admin_.list_offsets({{topic, 0}}, ok::OffsetSpec::earliest).get();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->front().offset, 7);
  const auto last = admin_.list_offsets({{topic, 0}}, ok::OffsetSpec::latest).get();
  EXPECT_EQ(last->front().offset, 20);
  const auto failed =
      admin_.list_offsets({{topic, 5}}, ok::OffsetSpec::latest, milliseconds(500)).get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ok::ServerCode::unknown_topic_or_partition);
}

TEST(AdminWithoutBroker, EndsAtItsDeadline) {
  ok::Client client({.bootstrap = "127.0.0.1:1"});
  ok::Admin admin(client);
  const auto before = std::chrono::steady_clock::now();
  const auto failed = admin.describe_cluster(milliseconds(300)).get();
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().is_retriable()) << failed.error().to_string();
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(5));
}

TEST(ClientOptions, AreCheckedAtConstruction) {
  EXPECT_THROW(ok::Client({.bootstrap = ""}), ok::ConfigError);
  const auto failed = ok::Client::create(
      {.bootstrap = "localhost:9092", .security = ok::Tls{.ca_file = "/no/such/file"}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind(), ok::ErrorKind::config);
  EXPECT_NE(failed.error().message().find("/no/such/file"), std::string::npos);
}

}  // namespace
}  // namespace odradek::compat
