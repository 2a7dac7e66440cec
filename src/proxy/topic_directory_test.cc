#include "proxy/topic_directory.h"

#include <gtest/gtest.h>

#include "broker/broker.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;

class TopicDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    broker::BrokerOptions options;
    options.loop = &loop_;
    options.topics.push_back({.name = "orders", .partitions = 3, .configs = {}});
    broker_ = std::make_unique<broker::Broker>(std::move(options));
    ASSERT_TRUE(broker_->start());
    cluster::ClusterOptions cluster;
    cluster.bootstrap = {{"127.0.0.1", broker_->port()}};
    cluster_.emplace(loop_, std::move(cluster));
    directory_.emplace(*cluster_, registry_, stats_);
  }
  void TearDown() override {
    loop_.block_on(cluster_->stop());
    loop_.block_on(broker_->stop_async());
  }

  ResolvedTopics resolve(const std::vector<std::string>& names) {
    std::vector<TopicRef> refs;
    for (const std::string& name : names) refs.push_back({name, Uuid{}});
    return loop_.block_on(directory_->resolve(std::move(refs), ErrorCode::kNotLeaderOrFollower,
                                              cluster_->request_deadline()));
  }

  io::Loop loop_;
  std::unique_ptr<broker::Broker> broker_;
  std::optional<cluster::Cluster> cluster_;
  MappingRegistry registry_ =
      *MappingRegistry::create(MappingSpec{.virtual_partitions = 12, .physical_partitions = 3}, {});
  ProxyStats stats_;
  std::optional<TopicDirectory> directory_;
};

TEST_F(TopicDirectoryTest, FindsWhatTheClusterHasAndSaysWhyNot) {
  const ResolvedTopics found = resolve({"missing", "orders", "no name"});
  EXPECT_EQ(found.topics[0].error, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_TRUE(found.topics[1].ok());
  EXPECT_EQ(found.topics[1].partition_count(), 12);
  EXPECT_EQ(found.topics[2].error, ErrorCode::kInvalidTopicException);
}

// Names that clients make up are forgotten: the cluster is not asked about them
// ever after.
TEST_F(TopicDirectoryTest, DoesNotRememberTopicsThatDoNotExist) {
  for (int round = 0; round < 5; ++round) {
    std::vector<std::string> names = {"orders"};
    for (int i = 0; i < 2000; ++i) {
      names.push_back("made-up-" + std::to_string(round) + "-" + std::to_string(i));
    }
    EXPECT_TRUE(resolve(names).topics[0].ok());
  }
  ASSERT_TRUE(loop_.block_on(cluster_->refresh({}, cluster_->request_deadline())));
  ASSERT_EQ(cluster_->cached_metadata()->topics.size(), 1U);
  EXPECT_EQ(cluster_->cached_metadata()->topics[0].name, "orders");
}

}  // namespace
}  // namespace odradek::proxy
