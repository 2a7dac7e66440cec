// The parts of the cluster layer that do no I/O.
#include <gtest/gtest.h>

#include "cluster/backoff.h"
#include "cluster/coordinators.h"
#include "cluster/metadata_builder.h"
#include "cluster/metadata_cache.h"

namespace odradek::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Backoff, DoublesUpToTheMaximumWithJitter) {
  Backoff backoff(milliseconds(100), seconds(1), 42);
  for (int round = 0; round < 100; ++round) {
    const Duration first = backoff.after(1);
    EXPECT_GE(first, milliseconds(80));
    EXPECT_LE(first, milliseconds(120));
    const Duration third = backoff.after(3);
    EXPECT_GE(third, milliseconds(320));
    EXPECT_LE(third, milliseconds(480));
    EXPECT_LE(backoff.after(1000), milliseconds(1200));
  }
}

proto::MetadataResponse response_with(
    std::vector<proto::MetadataResponse::MetadataResponseTopic>& topics) {
  proto::MetadataResponse response;
  response.topics = proto::array_of(topics);
  return response;
}

TEST(MetadataBuilder, KeepsTheLeaderOfANewerEpoch) {
  Metadata before;
  Partition partition;
  partition.id = 0;
  partition.leader = 5;
  partition.leader_epoch = 9;
  Topic topic;
  topic.name = "t";
  topic.partitions.push_back(partition);
  before.topics.push_back(topic);

  std::vector<proto::MetadataResponse::MetadataResponsePartition> partitions(1);
  partitions[0].leader_id = 4;
  partitions[0].leader_epoch = 8;
  std::vector<proto::MetadataResponse::MetadataResponseTopic> topics(1);
  topics[0].name = "t";
  topics[0].partitions = proto::array_of(partitions);

  auto stale = build_metadata(response_with(topics), before, false, {});
  ASSERT_TRUE(stale.has_value());
  EXPECT_EQ((*stale)->topics[0].partitions[0].leader, 5);

  topics[0].topic_id = Uuid::random();  // the topic was deleted and made anew
  auto anew = build_metadata(response_with(topics), before, false, {});
  ASSERT_TRUE(anew.has_value());
  EXPECT_EQ((*anew)->topics[0].partitions[0].leader, 4);
}

TEST(MetadataBuilder, RefusesAPortThatCannotBe) {
  std::vector<proto::MetadataResponse::MetadataResponseBroker> brokers(1);
  brokers[0].host = "h";
  brokers[0].port = 70'000;
  proto::MetadataResponse response;
  response.brokers = proto::array_of(brokers);
  auto built = build_metadata(response, {}, false, {});
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().code(), Errc::kMalformed);
}

TEST(MetadataCache, ForgetsTopicsNobodyUses) {
  MetadataCache cache(minutes(5));
  const MonotonicTime start{};
  cache.use({"old", "new"}, start);
  cache.use({"new"}, start + minutes(4));
  EXPECT_EQ(cache.topics_to_fetch(start + minutes(4)).size(), 2U);
  EXPECT_EQ(cache.topics_to_fetch(start + minutes(6)), std::vector<std::string>{"new"});
}

TEST(MetadataCache, IsStaleAfterItsAgeOrWhenToldSo) {
  MetadataCache cache(minutes(5));
  const MonotonicTime start{};
  EXPECT_FALSE(cache.satisfies({}, start));
  auto metadata = std::make_shared<Metadata>();
  metadata->fetched_at = start;
  cache.apply(metadata);
  EXPECT_TRUE(cache.satisfies({}, start + minutes(4)));
  EXPECT_FALSE(cache.satisfies({}, start + minutes(5)));
  EXPECT_FALSE(cache.satisfies({"unknown"}, start));
  cache.expire();
  EXPECT_FALSE(cache.satisfies({}, start));
}

TEST(Coordinators, ReadsBothLayoutsOfTheAnswer) {
  proto::FindCoordinatorResponse response;
  response.node_id = 3;
  response.host = "h";
  response.port = 9;
  auto old_layout = coordinator_answer(response, 3, "g");
  ASSERT_TRUE(old_layout.has_value());
  EXPECT_EQ(old_layout->broker_id, 3);

  std::vector<proto::FindCoordinatorResponse::Coordinator> coordinators(1);
  coordinators[0].key = "g";
  coordinators[0].node_id = 4;
  response.coordinators = proto::array_of(coordinators);
  auto new_layout = coordinator_answer(response, 6, "g");
  ASSERT_TRUE(new_layout.has_value());
  EXPECT_EQ(new_layout->broker_id, 4);
  EXPECT_FALSE(coordinator_answer(response, 6, "other").has_value());
}

TEST(Coordinators, ForgetsOnRequest) {
  CoordinatorCache cache;
  cache.put(CoordinatorType::kGroup, "g", 1);
  cache.put(CoordinatorType::kTransaction, "g", 2);
  EXPECT_EQ(cache.find(CoordinatorType::kGroup, "g"), 1);
  cache.forget(CoordinatorType::kGroup, "g");
  EXPECT_FALSE(cache.find(CoordinatorType::kGroup, "g").has_value());
  EXPECT_EQ(cache.find(CoordinatorType::kTransaction, "g"), 2);
}

}  // namespace
}  // namespace odradek::cluster
