#include <algorithm>

#include "client_fixture.h"

namespace odradek::compat {
namespace {

class AdminTest : public ClientTest {};

TEST_F(AdminTest, CreatesListsDescribesAndDeletesTopics) {
  const std::string topic = create_topic(3, {{"cleanup.policy", "compact"}});
  const auto described = ok::all(admin_.describe_topics({topic}).get());
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
  while (ok::all(admin_.describe_topics({topic}).get()) && std::chrono::steady_clock::now() < end)
    continue;
  const auto gone = ok::all(admin_.describe_topics({topic}).get());
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code(), ok::ServerCode::unknown_topic_or_partition);
}

TEST_F(AdminTest, TellsWhatBecameOfEachTopic) {
  const std::string good = fresh_name("topic");
  const auto created = admin_
                           .create_topics({{.name = good, .partitions = 2, .replication_factor = 1},
                                           {.name = "not/allowed"},
                                           {.name = good + "-x", .partitions = -7}})
                           .get();
  ASSERT_TRUE(created) << created.error().to_string();
  ASSERT_EQ(created->size(), 3U);
  ASSERT_TRUE((*created)[0].result) << (*created)[0].result.error().to_string();
  EXPECT_EQ((*created)[0].result->partitions, 2);
  EXPECT_FALSE((*created)[0].result->id.is_zero());
  EXPECT_FALSE((*created)[0].result->configs.empty());
  EXPECT_EQ((*created)[1].name, "not/allowed");
  EXPECT_EQ((*created)[1].result.error().code(), ok::ServerCode::invalid_topic);
  EXPECT_EQ((*created)[2].result.error().code(), ok::ServerCode::invalid_partitions);
  wait_for_topic(good);

  const auto described = admin_.describe_topics({good, "no-such-topic"}).get();
  ASSERT_TRUE(described) << described.error().to_string();
  ASSERT_TRUE((*described)[0].result);
  EXPECT_EQ((*described)[0].result->id, (*created)[0].result->id);
  EXPECT_EQ((*described)[0].result->partitions[1].replicas.size(), 1U);
  EXPECT_FALSE((*described)[0].result->authorized_operations.empty());
  EXPECT_EQ((*described)[1].result.error().code(), ok::ServerCode::unknown_topic_or_partition);
  EXPECT_FALSE(ok::all(described));
}

TEST_F(AdminTest, ChecksWithoutChanging) {
  const std::string topic = fresh_name("topic");
  const auto checked =
      admin_.create_topics({{.name = topic, .partitions = 1}}, ok::Admin::Mode::validate_only)
          .get();
  ASSERT_TRUE(ok::all(checked));
  EXPECT_FALSE(ok::all(admin_.describe_topics({topic}).get()));
  const std::string real = create_topic(1);
  const auto grown = admin_.create_partitions({{real, 3}}, ok::Admin::Mode::validate_only).get();
  ASSERT_TRUE(ok::all(grown)) << ok::all(grown).error().to_string();
  EXPECT_EQ(ok::all(admin_.describe_topics({real}).get())->front().partitions.size(), 1U);
  const auto altered =
      admin_
          .alter_configs(
              {{.resource = {.name = real}, .changes = {{.name = "retention.ms", .value = "5"}}}},
              ok::Admin::Mode::validate_only)
          .get();
  ASSERT_TRUE(ok::all(altered)) << ok::all(altered).error().to_string();
}

TEST_F(AdminTest, FindsTopicsByTheirIds) {
  const std::string topic = create_topic(1);
  const auto id = ok::all(admin_.describe_topics({topic}).get())->front().id;
  EXPECT_EQ(id.to_string().size(), 22U);
  const auto described = ok::all(admin_.describe_topics_by_id({id}).get());
  ASSERT_TRUE(described) << described.error().to_string();
  EXPECT_EQ(described->front().name, topic);
  ok::TopicId unknown = id;
  unknown.bytes[3] ^= 1;
  const auto missing = ok::all(admin_.describe_topics_by_id({unknown}).get());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code_name(), "UNKNOWN_TOPIC_ID");
  const auto deleted = ok::all(admin_.delete_topics_by_id({id}).get());
  ASSERT_TRUE(deleted) << deleted.error().to_string();
  const auto again = admin_.delete_topics_by_id({id}).get();
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_FALSE(again->front().result);
}

TEST_F(AdminTest, PlacesReplicasByHand) {
  const int32_t broker = admin_.describe_cluster().get()->brokers.front().id;
  const std::string topic = fresh_name("topic");
  const auto created =
      ok::all(admin_.create_topics({{.name = topic, .replicas = {{broker}, {broker}}}}).get());
  ASSERT_TRUE(created) << created.error().to_string();
  EXPECT_EQ(created->front().partitions, 2);
  wait_for_topic(topic);
  ASSERT_TRUE(ok::all(
      admin_.create_partitions({{.topic = topic, .total = 3, .replicas = {{broker}}}}).get()));
  const auto wrong = admin_.create_topics({{.name = fresh_name("x"), .replicas = {{7777}}}}).get();
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->front().result.error().code_name(), "INVALID_REPLICA_ASSIGNMENT");
}

TEST_F(AdminTest, AddsPartitionsThatProducersFind) {
  const std::string topic = create_topic(1);
  const auto grown = admin_.create_partitions({{topic, 4}}).get();
  ASSERT_TRUE(grown) << grown.error().to_string();
  ASSERT_TRUE(grown->front().result) << grown->front().result.error().to_string();
  const auto count = [&] {
    const auto described = ok::all(admin_.describe_topics({topic}).get());
    EXPECT_TRUE(described) << described.error().to_string();
    return described->front().partitions.size();
  };
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (count() != 4 && std::chrono::steady_clock::now() < end) continue;
  EXPECT_EQ(count(), 4U);
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

TEST_F(AdminTest, SaysWhereAValueComesFrom) {
  const std::string topic = create_topic(1, {{"retention.ms", "1000000"}});
  const int32_t broker = admin_.describe_cluster().get()->brokers.front().id;
  const std::vector<ok::Resource> resources = {
      {.name = topic},
      {.name = "no-such-topic"},
      {.type = ok::ResourceType::broker, .name = std::to_string(broker)}};
  const auto described =
      admin_.describe_configs(resources, {.synonyms = true, .documentation = true}).get();
  ASSERT_TRUE(described) << described.error().to_string();
  ASSERT_EQ(described->size(), 3U);
  ASSERT_TRUE((*described)[0].result) << (*described)[0].result.error().to_string();
  const auto& entries = *(*described)[0].result;
  const auto retention = std::ranges::find(entries, "retention.ms", &ok::ConfigEntry::name);
  ASSERT_NE(retention, entries.end());
  EXPECT_EQ(retention->value, "1000000");
  EXPECT_EQ(retention->source, ok::ConfigSource::topic);
  EXPECT_EQ(retention->type, ok::ConfigType::int64);
  EXPECT_FALSE(retention->is_default);
  EXPECT_GE(retention->synonyms.size(), 1U);
  EXPECT_FALSE(retention->documentation.empty());
  EXPECT_EQ((*described)[1].result.error().code(), ok::ServerCode::unknown_topic_or_partition);
  ASSERT_TRUE((*described)[2].result);
  EXPECT_TRUE(std::ranges::any_of(*(*described)[2].result,
                                  [](const auto& e) { return e.name == "log.retention.hours"; }));

  const auto one = admin_.describe_configs({{.name = topic}}, {.names = {"cleanup.policy"}}).get();
  ASSERT_TRUE(one);
  ASSERT_EQ(one->front().result->size(), 1U);
  EXPECT_EQ(one->front().result->front().type, ok::ConfigType::list);
}

TEST_F(AdminTest, AppendsToLists) {
  const std::string topic = create_topic(1);
  const auto altered =
      admin_
          .alter_configs({.name = topic}, {{.name = "cleanup.policy",
                                            .value = "compact",
                                            .operation = ok::AlterOperation::append}})
          .get();
  ASSERT_TRUE(altered) << altered.error().to_string();
  const auto removed =
      admin_
          .alter_configs({.name = topic},
                         {{.name = "cleanup.policy", .operation = ok::AlterOperation::remove}})
          .get();
  ASSERT_TRUE(removed) << removed.error().to_string();
  const auto listed = admin_.list_config_resources({ok::ResourceType::topic}).get();
  if (!listed) {  // brokers before 4.1 list client metrics only
    EXPECT_EQ(listed.error().kind(), ok::ErrorKind::unsupported) << listed.error().to_string();
    return;
  }
  EXPECT_TRUE(std::ranges::any_of(*listed, [&](const auto& r) { return r.name == topic; }));
}

TEST_F(AdminTest, ListsOffsetsBySpecialTimes) {
  const std::string topic = create_topic(2);
  fill(topic, 10, 0);
  const auto offset = [&](ok::OffsetSpec spec) {
    const auto listed = ok::all(admin_.list_offsets({{topic, 0}}, spec, seconds(5)).get());
    EXPECT_TRUE(listed) << static_cast<int64_t>(spec) << listed.error().to_string();
    return listed ? listed->front() : ok::ListedOffset();
  };
  EXPECT_EQ(offset(ok::OffsetSpec::earliest).offset, 0);
  EXPECT_EQ(offset(ok::OffsetSpec::latest).offset, 10);
  EXPECT_GE(offset(ok::OffsetSpec::max_timestamp).offset, 0);
  EXPECT_GT(offset(ok::OffsetSpec::max_timestamp).timestamp_ms, 0);
  EXPECT_EQ(offset(ok::OffsetSpec::earliest_local).offset, 0);
  EXPECT_EQ(offset(ok::OffsetSpec::latest_tiered).offset, -1);
  const auto by_time = ok::all(admin_.list_offsets({{topic, 0}}, int64_t{1}).get());
  ASSERT_TRUE(by_time);
  EXPECT_EQ(by_time->front().offset, 0);
  EXPECT_GT(by_time->front().timestamp_ms, 1);
  const auto mixed = admin_
                         .list_offsets({{.partition = {topic, 0}},
                                        {.partition = {topic, 1}, .timestamp_ms = 1},
                                        {.partition = {topic, 9}}},
                                       ok::Isolation::read_committed, seconds(1))
                         .get();
  ASSERT_TRUE(mixed) << mixed.error().to_string();
  EXPECT_EQ((*mixed)[0].result->offset, 10);
  EXPECT_EQ((*mixed)[1].result->offset, -1);
  EXPECT_EQ((*mixed)[2].result.error().code(), ok::ServerCode::unknown_topic_or_partition);
}

TEST_F(AdminTest, DeletesRecords) {
  const std::string topic = create_topic(1);
  fill(topic, 20, 0);
  const auto deleted =
      ok::all(admin_.delete_records({{.partition = {topic, 0}, .offset = 7}}).get());
  ASSERT_TRUE(deleted) << deleted.error().to_string();
  EXPECT_EQ(deleted->front(), 7);
  const auto first = ok::all(admin_.list_offsets({{topic, 0}}, ok::OffsetSpec::earliest).get());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->front().offset, 7);
  const auto last = ok::all(admin_.list_offsets({{topic, 0}}, ok::OffsetSpec::latest).get());
  EXPECT_EQ(last->front().offset, 20);
  const auto failed =
      ok::all(admin_.list_offsets({{topic, 5}}, ok::OffsetSpec::latest, milliseconds(500)).get());
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
