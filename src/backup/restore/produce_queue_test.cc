#include "backup/restore/produce_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "broker/broker.h"
#include "io/event.h"
#include "proto/error_code.h"
#include "wire/batch_builder.h"

namespace odradek::backup {
namespace {

constexpr const char* kTopic = "orders";
constexpr int32_t kPartitions = 10;

// A broker and a cluster on one loop; counts Produce requests.
class Produced : public testing::Test {
 protected:
  void SetUp() override {
    broker::BrokerOptions options;
    options.loop = &loop_;
    options.topics = {{.name = kTopic, .partitions = kPartitions, .configs = {}}};
    broker_ = std::make_unique<broker::Broker>(std::move(options));
    ASSERT_TRUE(broker_->start());
    cluster::ClusterOptions cluster;
    cluster.bootstrap = *io::parse_host_ports(broker_->bootstrap());
    cluster.on_request_done = [this](const rpc::RequestDone& done) {
      if (done.api_key == proto::ApiKey::kProduce) ++requests_;
    };
    cluster_ = std::make_unique<cluster::Cluster>(loop_, std::move(cluster));
    queue_ = std::make_unique<ProduceQueue>(*cluster_);
    const auto leader = loop_.block_on(cluster_->leader(kTopic, 0, 1, in_time()));
    ASSERT_TRUE(leader) << leader.error().to_string();
    leader_ = *leader;
  }
  void TearDown() override {
    queue_.reset();
    leader_.reset();
    loop_.block_on(cluster_->stop());
    loop_.block_on(broker_->stop_async());
  }

  MonotonicTime in_time() { return loop_.now() + std::chrono::seconds(30); }

  static OutgoingBatch batch(int32_t partition, size_t value_bytes = 10,
                             const std::string& topic = kTopic) {
    const std::string value(value_bytes, 'v');
    wire::BatchBuilder builder(wire::BatchOptions{});
    EXPECT_TRUE(builder.append({.value = as_bytes(value)}));
    wire::Compressor compressor;
    const Slice bytes = *builder.finish(compressor);
    constexpr size_t kHeader = wire::batch_layout::kHeaderBytes;
    return {topic, partition, bytes.subslice(0, kHeader),
            bytes.subslice(kHeader, bytes.size() - kHeader)};
  }
  // Remembers the answer under that number.
  void add(size_t number, OutgoingBatch batch) {
    answers_.resize(std::max(answers_.size(), number + 1));
    queue_->add(leader_, std::move(batch), [this, number](Result<int64_t> base_offset) {
      answers_[number] = std::move(base_offset);
      changed_.notify_all();
    });
  }
  void wait_for_answers() {
    loop_.block_on([](Produced* self) -> io::Task<void> {
      while (!std::ranges::all_of(self->answers_, [](const auto& a) { return a.has_value(); })) {
        EXPECT_TRUE(co_await self->changed_.wait(self->in_time()));
      }
    }(this));
  }
  int64_t base_offset(size_t number) const {
    const Result<int64_t>& answer = *answers_[number];
    EXPECT_TRUE(answer) << answer.error().to_string();
    return answer.value_or(-1);
  }

  io::Loop loop_;
  io::Event changed_{loop_};
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<cluster::Cluster> cluster_;
  std::unique_ptr<ProduceQueue> queue_;
  cluster::Cluster::Connection leader_;
  std::vector<std::optional<Result<int64_t>>> answers_;
  size_t requests_ = 0;
};

TEST_F(Produced, BatchesOfManyPartitionsShareARequest) {
  size_t number = 0;
  for (int32_t p = 0; p < kPartitions; ++p) add(number++, batch(p));
  wait_for_answers();
  EXPECT_EQ(requests_, 1U);
  for (size_t i = 0; i < number; ++i) EXPECT_EQ(base_offset(i), 0);
}

TEST_F(Produced, BatchesOfAPartitionKeepTheirOrder) {
  constexpr size_t kRounds = 2 * ProduceQueue::kRequestsInFlightMax + 1;
  for (size_t i = 0; i < kRounds; ++i) {
    add(2 * i, batch(0));
    add(2 * i + 1, batch(1));
  }
  wait_for_answers();
  EXPECT_EQ(requests_, kRounds);
  for (size_t i = 0; i < 2 * kRounds; ++i) {
    EXPECT_EQ(base_offset(i), static_cast<int64_t>(i / 2));
  }
}

TEST_F(Produced, LargeBatchesAreSpreadOverRequests) {
  size_t number = 0;
  for (int32_t p = 0; p < kPartitions; ++p) add(number++, batch(p, 900'000));
  wait_for_answers();
  EXPECT_EQ(requests_, 2U);
  for (size_t i = 0; i < number; ++i) EXPECT_EQ(base_offset(i), 0);
}

TEST_F(Produced, ARefusedBatchLeavesTheOthersAlone) {
  add(0, batch(0));
  add(1, batch(kPartitions));
  add(2, batch(0, 10, "nobody-knows"));
  add(3, batch(1));
  wait_for_answers();
  EXPECT_EQ(requests_, 1U);
  EXPECT_EQ(base_offset(0), 0);
  EXPECT_EQ(base_offset(3), 0);
  for (const size_t refused : {1U, 2U}) {
    ASSERT_FALSE(*answers_[refused]);
    EXPECT_EQ(answers_[refused]->error().code(), Errc::kServer);
    EXPECT_NE(answers_[refused]->error().to_string().find("produce to"), std::string::npos);
  }
}

TEST_F(Produced, ALostConnectionFailsAllThatWasUnderWay) {
  add(0, batch(0));
  add(1, batch(0));
  leader_->close();
  wait_for_answers();
  EXPECT_FALSE(*answers_[0]);
  EXPECT_FALSE(*answers_[1]);
}

}  // namespace
}  // namespace odradek::backup
