// Brokers, features, the quorum, log directories, leaders and reassignments. What needs several
// brokers is tried on clusters that have them.
#include <algorithm>

#include "client_fixture.h"

namespace odradek::compat {
namespace {

class AdminClusterTest : public ClientTest {
 protected:
  std::vector<int32_t> brokers() {
    std::vector<int32_t> ids;
    const auto cluster = admin_.describe_cluster().get();
    EXPECT_TRUE(cluster) << cluster.error().to_string();
    for (const ok::BrokerInfo& broker : cluster->brokers) ids.push_back(broker.id);
    return ids;
  }

  ok::PartitionInfo partition_of(const std::string& topic) {
    const auto described = ok::all(admin_.describe_topics({topic}).get());
    EXPECT_TRUE(described) << described.error().to_string();
    return described->front().partitions.at(0);
  }

  // Until the first partition's replicas are these, or ten seconds.
  void wait_for_replicas(const std::string& topic, const std::vector<int32_t>& replicas) {
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (partition_of(topic).replicas != replicas && std::chrono::steady_clock::now() < end) {
      continue;
    }
    EXPECT_EQ(partition_of(topic).replicas, replicas);
  }
};

TEST_F(AdminClusterTest, DescribesItselfWithRightsAndFencedBrokers) {
  const auto cluster = admin_.describe_cluster({.fenced_brokers = true}).get();
  if (!cluster) {
    EXPECT_EQ(cluster.error().kind(), ok::ErrorKind::unsupported) << cluster.error().to_string();
  }
  const auto plain = admin_.describe_cluster().get();
  ASSERT_TRUE(plain) << plain.error().to_string();
  EXPECT_FALSE(plain->authorized_operations.empty());
  EXPECT_TRUE(std::ranges::none_of(plain->brokers, &ok::BrokerInfo::is_fenced));
}

TEST_F(AdminClusterTest, HasFeaturesThatCanBeChecked) {
  const auto features = admin_.describe_features().get();
  ASSERT_TRUE(features) << features.error().to_string();
  ASSERT_TRUE(features->finalized.contains("metadata.version"));
  const ok::FeatureRange version = features->supported.at("metadata.version");
  EXPECT_LE(version.min, version.max);
  const auto impossible = ok::all(
      admin_
          .update_features(
              {{.feature = "metadata.version", .level = static_cast<int16_t>(version.max + 1)}},
              ok::Admin::Mode::validate_only)
          .get());
  EXPECT_FALSE(impossible);
}

TEST_F(AdminClusterTest, HasAQuorum) {
  const auto quorum = admin_.describe_quorum().get();
  ASSERT_TRUE(quorum) << quorum.error().to_string();
  EXPECT_GE(quorum->leader, 0);
  EXPECT_FALSE(quorum->voters.empty());
  EXPECT_GE(quorum->high_watermark, 0);
}

TEST_F(AdminClusterTest, CannotForgetABrokerThatIsUnknown) {
  const auto forgotten = admin_.unregister_broker(7777, seconds(5)).get();
  ASSERT_FALSE(forgotten);
  if (forgotten.error().kind() != ok::ErrorKind::unsupported) {
    EXPECT_EQ(forgotten.error().code_name(), "BROKER_ID_NOT_REGISTERED")
        << forgotten.error().to_string();
  }
}

TEST_F(AdminClusterTest, TellsWhatLogDirectoriesHold) {
  const std::string topic = create_topic(1);
  fill(topic, 10, 0);
  const auto described = admin_.describe_log_dirs({}).get();
  ASSERT_TRUE(described) << described.error().to_string();
  EXPECT_EQ(described->size(), brokers().size());
  int64_t bytes = 0;
  std::string path;
  for (const auto& broker : *described) {
    ASSERT_TRUE(broker.result) << broker.result.error().to_string();
    for (const ok::LogDir& dir : *broker.result) {
      EXPECT_TRUE(dir.result);
      for (const ok::ReplicaInfo& replica : dir.replicas) {
        if (replica.partition.topic == topic) bytes += replica.bytes;
      }
    }
  }
  EXPECT_GT(bytes, 0);
  const auto unknown = admin_.describe_log_dirs({7777}, seconds(5)).get();
  EXPECT_FALSE(ok::all(unknown));
  const int32_t leader = partition_of(topic).leader;
  const auto moved =
      admin_.alter_replica_log_dirs({{leader, {topic, 0}, "/no/such/directory"}}).get();
  if (moved) {
    ASSERT_EQ(moved->size(), 1U);
    EXPECT_EQ(moved->front().result.error().code_name(), "LOG_DIR_NOT_FOUND");
  } else {
    EXPECT_EQ(moved.error().kind(), ok::ErrorKind::unsupported) << moved.error().to_string();
  }
}

TEST_F(AdminClusterTest, ElectsTheLeadersThatArePreferred) {
  const std::string topic = create_topic(1);
  const auto elected =
      admin_.elect_leaders(ok::Election::preferred, {{topic, 0}, {"no-such-topic", 0}}).get();
  ASSERT_TRUE(elected) << elected.error().to_string();
  ASSERT_EQ(elected->size(), 2U);
  EXPECT_EQ((*elected)[0].result.error().code_name(), "ELECTION_NOT_NEEDED");
  EXPECT_EQ((*elected)[1].result.error().code(), ok::ServerCode::unknown_topic_or_partition);
  const auto all = admin_.elect_all_leaders(ok::Election::preferred).get();
  EXPECT_TRUE(all) << all.error().to_string();

  const std::vector<int32_t> ids = brokers();
  if (ids.size() < 2) return;
  // The first replica is another broker now, but the leader stays until an election.
  const std::vector<int32_t> replicas = {ids[0], ids[1]};
  const std::string two = fresh_name("two");
  ASSERT_TRUE(ok::all(admin_.create_topics({{.name = two, .replicas = {replicas}}}).get()));
  wait_for_topic(two);
  ASSERT_EQ(partition_of(two).leader, ids[0]);
  const auto swapped = admin_.alter_reassignments({{{two, 0}, {{ids[1], ids[0]}}}}).get();
  ASSERT_TRUE(ok::all(swapped)) << ok::all(swapped).error().to_string();
  wait_for_replicas(two, {ids[1], ids[0]});
  const auto end = std::chrono::steady_clock::now() + seconds(20);
  std::string last;
  while (partition_of(two).leader != ids[1] && std::chrono::steady_clock::now() < end) {
    const auto again = ok::all(admin_.elect_leaders(ok::Election::preferred, {{two, 0}}).get());
    if (!again) last = again.error().to_string();
  }
  EXPECT_EQ(partition_of(two).leader, ids[1]) << last;
}

TEST_F(AdminClusterTest, MovesReplicasAndTellsOfMovesUnderWay) {
  const std::string topic = create_topic(1);
  const auto wrong = admin_.alter_reassignments({{{topic, 0}, {{7777}}}}).get();
  ASSERT_TRUE(wrong) << wrong.error().to_string();
  EXPECT_EQ(wrong->front().result.error().code_name(), "INVALID_REPLICA_ASSIGNMENT");
  const auto nothing = admin_.alter_reassignments({{{topic, 0}, std::nullopt}}).get();
  ASSERT_TRUE(nothing) << nothing.error().to_string();
  EXPECT_EQ(nothing->front().result.error().code_name(), "NO_REASSIGNMENT_IN_PROGRESS");
  const auto ongoing = admin_.list_reassignments({}).get();
  ASSERT_TRUE(ongoing) << ongoing.error().to_string();
  const auto of_topic = admin_.list_reassignments({{topic, 0}}).get();
  ASSERT_TRUE(of_topic) << of_topic.error().to_string();
  EXPECT_TRUE(of_topic->empty());

  const std::vector<int32_t> ids = brokers();
  if (ids.size() < 2) return;
  fill(topic, 100, 0);
  const int32_t from = partition_of(topic).leader;
  const int32_t to = *std::ranges::find_if(ids, [&](int32_t id) { return id != from; });
  const auto moved = admin_.alter_reassignments({{{topic, 0}, {{to}}}}).get();
  ASSERT_TRUE(ok::all(moved)) << ok::all(moved).error().to_string();
  wait_for_replicas(topic, {to});
  // What follows the leader finds it at its new place.
  const auto last = ok::all(admin_.list_offsets({{topic, 0}}, ok::OffsetSpec::latest).get());
  ASSERT_TRUE(last) << last.error().to_string();
  EXPECT_EQ(last->front().offset, 100);
}

}  // namespace
}  // namespace odradek::compat
