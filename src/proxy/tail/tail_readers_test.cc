#include "proxy/tail/tail_readers.h"

#include <gtest/gtest.h>

#include "broker/broker.h"
#include "proxy/single_log.h"
#include "wire/batch_builder.h"

namespace odradek::proxy {
namespace {

// Shared readers of a topic of one partition, at a broker in memory.
class TailReadersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    broker::BrokerOptions options;
    options.loop = &loop_;
    options.topics.push_back({.name = "orders", .partitions = 1, .configs = {}});
    broker_ = std::make_unique<broker::Broker>(std::move(options));
    ASSERT_TRUE(broker_->start());
    cluster::ClusterOptions cluster;
    cluster.bootstrap = {{"127.0.0.1", broker_->port()}};
    cluster_.emplace(loop_, std::move(cluster));
    const auto metadata =
        loop_.block_on(cluster_->metadata({"orders"}, cluster_->request_deadline()));
    ASSERT_TRUE(metadata);
    key_.topic_id = (*metadata)->topic("orders")->id;
    leader_ = (*metadata)->topic("orders")->partitions[0].leader;
    tails_.emplace(*cluster_, stats_, 1 << 20);
  }
  void TearDown() override {
    tails_->cancel();
    loop_.block_on(tails_->join());
    loop_.block_on(cluster_->stop());
    loop_.block_on(broker_->stop_async());
  }

  void append(std::string_view value) {
    wire::BatchBuilder builder{wire::BatchOptions{}};
    ASSERT_TRUE(builder.append({.timestamp_ms = 1, .key = {}, .value = as_bytes(value)}));
    SingleLog log(*cluster_, "orders");
    const std::vector<Slice> batch(1, *builder.finish(compressor_));
    ASSERT_TRUE(loop_.block_on(log.append(batch)));
  }
  template <class Condition>
  void wait_until(Condition condition) {
    const MonotonicTime give_up = loop_.now() + std::chrono::seconds(20);
    while (!condition() && loop_.now() < give_up) {
      ASSERT_TRUE(loop_.block_on(io::sleep(loop_, std::chrono::milliseconds(5))));
    }
    ASSERT_TRUE(condition());
  }
  bool is_running(const TailKeyView& key) {
    const auto tail = tails_->find(key, leader_);
    return tail != nullptr && tail->is_running();
  }

  io::Loop loop_;
  std::unique_ptr<broker::Broker> broker_;
  std::optional<cluster::Cluster> cluster_;
  ProxyStats stats_;
  std::optional<TailReaders> tails_;
  wire::Compressor compressor_;
  TailKeyView key_ = {.topic = "orders", .partition = 0, .isolation_level = 0, .topic_id = {}};
  int32_t leader_ = -1;
};

// A read may be under way for a tail that has ended because its partition is led elsewhere.
TEST_F(TailReadersTest, DropWhatComesForATailThatEnded) {
  tails_->want(key_, leader_, 0);
  wait_until([&] { return is_running(key_); });
  EXPECT_EQ(tails_->find(key_, leader_ + 1), nullptr);
  EXPECT_EQ(tails_->size(), 0U);
  append("late");
  wait_until([&] {
    tails_->want(key_, leader_, 0);
    const auto tail = tails_->find(key_, leader_);
    return tail != nullptr && tail->ring().end() == 1;
  });
  EXPECT_EQ(tails_->bytes(), tails_->find(key_, leader_)->ring().cost());
}

// A topic that was deleted and made again: the reader of the old one must not get in the way.
TEST_F(TailReadersTest, ReadATopicOfTheSameNameOnce) {
  TailKeyView old = key_;
  old.topic_id = Uuid::random();
  tails_->want(old, leader_, 0);
  EXPECT_EQ(tails_->size(), 1U);
  tails_->want(key_, leader_, 0);
  EXPECT_EQ(tails_->size(), 1U);
  EXPECT_EQ(tails_->find(old, leader_), nullptr);
  append("first");
  wait_until([&] { return tails_->find(key_, leader_)->ring().end() == 1; });
}

TEST(TailWaiters, AreForgottenWhenTheirSessionsEnd) {
  Tail tail({.topic = "quiet", .partition = 0, .isolation_level = 0, .topic_id = {}}, 1, 0);
  const auto alive = std::make_shared<int>(0);
  int woken = 0;
  for (uint64_t session = 1; session <= 10'000; ++session) {
    const auto gone = std::make_shared<int>(0);
    tail.when_changed(session, {gone, [] {}});
  }
  tail.when_changed(10'001, {alive, [&woken] { ++woken; }});
  EXPECT_LT(tail.waiting(), 200U);
}

}  // namespace
}  // namespace odradek::proxy
