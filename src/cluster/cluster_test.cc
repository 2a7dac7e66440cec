#include "cluster/cluster.h"

#include <gtest/gtest.h>

#include "broker/broker.h"
#include "io/task_group.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"

namespace odradek::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A broker on the test's own loop, and a Cluster that talks to it.
class ClusterTest : public testing::Test {
 protected:
  void SetUp() override { start_broker({{.name = "orders", .partitions = 3, .configs = {}}}); }

  void TearDown() override {
    if (cluster_ != nullptr) loop_.block_on(cluster_->stop());
    if (broker_ != nullptr) loop_.block_on(broker_->stop_async());
  }

  void start_broker(std::vector<broker::TopicSpec> topics) {
    broker::BrokerOptions options;
    options.loop = &loop_;
    options.topics = std::move(topics);
    broker_ = std::make_unique<broker::Broker>(std::move(options));
    ASSERT_TRUE(broker_->start().has_value());
  }

  Cluster& connect(std::string bootstrap) {
    ClusterOptions options;
    auto parsed = io::parse_host_ports(bootstrap);
    EXPECT_TRUE(parsed.has_value());
    options.bootstrap = *std::move(parsed);
    options.retry_backoff_min = milliseconds(5);
    options.connection_timeout = seconds(2);
    cluster_ = std::make_unique<Cluster>(loop_, std::move(options));
    return *cluster_;
  }
  Cluster& connect() { return connect(broker_->bootstrap()); }

  MonotonicTime in(Duration time) { return loop_.now() + time; }

  io::Loop loop_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<Cluster> cluster_;
};

// A port nobody listens on: taken, then given back.
uint16_t dead_port(io::Loop& loop) {
  auto listener = io::Listener::bind(loop, "127.0.0.1", 0);
  EXPECT_TRUE(listener.has_value());
  return (*listener)->port();
}

TEST_F(ClusterTest, KnowsTopicsLeadersAndBrokers) {
  Cluster& cluster = connect();
  auto metadata = loop_.block_on(cluster.metadata({"orders"}, in(seconds(5))));
  ASSERT_TRUE(metadata.has_value()) << metadata.error().to_string();
  const Topic* topic = (*metadata)->topic(std::string_view("orders"));
  ASSERT_NE(topic, nullptr);
  EXPECT_EQ(topic->partitions.size(), 3U);
  EXPECT_FALSE(topic->id.is_zero());
  EXPECT_EQ((*metadata)->topic(topic->id), topic);
  EXPECT_EQ(topic->partition(2)->leader, 1);
  EXPECT_EQ(topic->partition(3), nullptr);
  EXPECT_EQ(topic->partition(-1), nullptr);
  ASSERT_NE((*metadata)->broker(1), nullptr);
  EXPECT_FALSE((*metadata)->has_all_topics);
}

TEST_F(ClusterTest, GivesTheCacheWhileItIsFresh) {
  Cluster& cluster = connect();
  auto first = loop_.block_on(cluster.metadata({"orders"}, in(seconds(5))));
  auto second = loop_.block_on(cluster.metadata({"orders"}, in(seconds(5))));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->get(), second->get());
  cluster.expire_metadata();
  auto third = loop_.block_on(cluster.metadata({"orders"}, in(seconds(5))));
  ASSERT_TRUE(third.has_value());
  EXPECT_NE(first->get(), third->get());
}

TEST_F(ClusterTest, KeepsTopicsAskedForBefore) {
  ASSERT_TRUE(broker_->create_topic({.name = "bills", .partitions = 1, .configs = {}}));
  Cluster& cluster = connect();
  ASSERT_TRUE(loop_.block_on(cluster.metadata({"orders"}, in(seconds(5)))));
  auto metadata = loop_.block_on(cluster.metadata({"bills"}, in(seconds(5))));
  ASSERT_TRUE(metadata.has_value());
  EXPECT_NE((*metadata)->topic(std::string_view("orders")), nullptr);
  EXPECT_NE((*metadata)->topic(std::string_view("bills")), nullptr);
}

TEST_F(ClusterTest, SaysThatATopicDoesNotExistUntilItDoes) {
  Cluster& cluster = connect();
  auto before = loop_.block_on(cluster.metadata({"later"}, in(seconds(5))));
  ASSERT_TRUE(before.has_value()) << before.error().to_string();
  ASSERT_NE((*before)->topic(std::string_view("later")), nullptr);
  EXPECT_EQ((*before)->topic(std::string_view("later"))->error,
            proto::ErrorCode::kUnknownTopicOrPartition);
  ASSERT_TRUE(broker_->create_topic({.name = "later", .partitions = 2, .configs = {}}));
  auto after = loop_.block_on(cluster.metadata({"later"}, in(seconds(5))));
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ((*after)->topic(std::string_view("later"))->partitions.size(), 2U);
}

TEST_F(ClusterTest, AsksForAllTopics) {
  Cluster& cluster = connect();
  auto metadata = loop_.block_on(cluster.refresh_all_topics(in(seconds(5))));
  ASSERT_TRUE(metadata.has_value());
  EXPECT_TRUE((*metadata)->has_all_topics);
  EXPECT_NE((*metadata)->topic(std::string_view("orders")), nullptr);
}

TEST_F(ClusterTest, SharesAConnectionPerBrokerAndLane) {
  Cluster& cluster = connect();
  auto first = loop_.block_on(cluster.leader("orders", 0, kGeneralLane, in(seconds(5))));
  auto second = loop_.block_on(cluster.leader("orders", 1, kGeneralLane, in(seconds(5))));
  auto other_lane = loop_.block_on(cluster.leader("orders", 0, Lane{7}, in(seconds(5))));
  ASSERT_TRUE(first && second && other_lane);
  EXPECT_EQ(first->get(), second->get());
  EXPECT_NE(first->get(), other_lane->get());
  cluster.close_lane(Lane{7});
  EXPECT_FALSE((*other_lane)->is_open());
  EXPECT_TRUE((*first)->is_open());
}

TEST_F(ClusterTest, GoesOnWithAnotherBootstrapServer) {
  const uint16_t dead = dead_port(loop_);
  Cluster& cluster = connect("127.0.0.1:" + std::to_string(dead) + "," + broker_->bootstrap());
  auto metadata = loop_.block_on(cluster.metadata({"orders"}, in(seconds(5))));
  ASSERT_TRUE(metadata.has_value()) << metadata.error().to_string();
}

TEST_F(ClusterTest, GivesUpAtTheDeadlineWhenNobodyIsThere) {
  Cluster& cluster = connect("127.0.0.1:" + std::to_string(dead_port(loop_)));
  const MonotonicTime before = loop_.now();
  auto metadata = loop_.block_on(cluster.metadata({"orders"}, in(milliseconds(200))));
  ASSERT_FALSE(metadata.has_value());
  EXPECT_TRUE(metadata.error().code() == Errc::kNetwork ||
              metadata.error().code() == Errc::kTimedOut)
      << metadata.error().to_string();
  EXPECT_LT(loop_.now() - before, seconds(2));
  auto connection = loop_.block_on(cluster.any_connection(in(milliseconds(100))));
  EXPECT_FALSE(connection.has_value());
}

TEST_F(ClusterTest, FindsCoordinatorsAndTheController) {
  Cluster& cluster = connect();
  auto id =
      loop_.block_on(cluster.coordinator_id(CoordinatorType::kGroup, "billing", in(seconds(5))));
  ASSERT_TRUE(id.has_value()) << id.error().to_string();
  EXPECT_EQ(*id, 1);
  cluster.forget_coordinator(CoordinatorType::kGroup, "billing");
  auto connection = loop_.block_on(
      cluster.coordinator(CoordinatorType::kGroup, "billing", kGeneralLane, in(seconds(5))));
  ASSERT_TRUE(connection.has_value());
  auto controller = loop_.block_on(cluster.controller(in(seconds(5))));
  ASSERT_TRUE(controller.has_value());

  proto::ListGroupsRequest request;
  request.states_filter = proto::empty_array<std::string_view>();
  request.types_filter = proto::empty_array<std::string_view>();
  auto groups = loop_.block_on(cluster.call(*controller, request, in(seconds(5))));
  ASSERT_TRUE(groups.has_value()) << groups.error().to_string();
}

TEST_F(ClusterTest, NamesTheMissingPartitionAndBroker) {
  Cluster& cluster = connect();
  auto leader = loop_.block_on(cluster.leader("orders", 9, kGeneralLane, in(milliseconds(100))));
  ASSERT_FALSE(leader.has_value());
  EXPECT_EQ(leader.error().code(), Errc::kServer);
  EXPECT_EQ(leader.error().server_code(),
            proto::to_number(proto::ErrorCode::kUnknownTopicOrPartition));
  auto broker = loop_.block_on(cluster.connection(77, kGeneralLane, in(seconds(5))));
  ASSERT_FALSE(broker.has_value());
  EXPECT_EQ(broker.error().code(), Errc::kNotFound);
}

TEST_F(ClusterTest, ComesBackAfterTheBrokerDid) {
  Cluster& cluster = connect();
  auto first = loop_.block_on(cluster.leader("orders", 0, kGeneralLane, in(seconds(5))));
  ASSERT_TRUE(first.has_value());
  loop_.block_on(broker_->stop_async());
  EXPECT_FALSE(loop_.block_on(cluster.refresh({}, in(milliseconds(100)))));
  const uint16_t port = cluster.cached_metadata()->brokers.front().port;
  broker::BrokerOptions options;
  options.loop = &loop_;
  options.topics = {{.name = "orders", .partitions = 3, .configs = {}}};
  options.listeners[0].options.port = port;
  broker_ = std::make_unique<broker::Broker>(std::move(options));
  ASSERT_TRUE(broker_->start().has_value());
  auto again = loop_.block_on(cluster.leader("orders", 0, kGeneralLane, in(seconds(5))));
  ASSERT_TRUE(again.has_value()) << again.error().to_string();
  EXPECT_TRUE((*again)->is_open());
}

io::Task<void> ask(Cluster* cluster, MonotonicTime deadline, Errc* outcome) {
  auto metadata = co_await cluster->metadata({"orders"}, deadline);
  *outcome = metadata ? Errc::kInternal : metadata.error().code();
}

TEST_F(ClusterTest, StopEndsWhatIsUnderWay) {
  Cluster& cluster = connect("127.0.0.1:" + std::to_string(dead_port(loop_)));
  io::TaskGroup tasks(loop_);
  Errc outcome = Errc::kInternal;
  tasks.spawn(ask(&cluster, in(seconds(60)), &outcome));
  loop_.run_ready();  // the task is under way now
  loop_.block_on(cluster.stop());
  loop_.block_on(tasks.join());
  EXPECT_EQ(outcome, Errc::kClosed);
  EXPECT_EQ(cluster.open_connections(), 0U);
}

}  // namespace
}  // namespace odradek::cluster
