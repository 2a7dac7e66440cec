#include "proxy/produce_plan.h"

#include <gtest/gtest.h>

#include "wire/batch_builder.h"

namespace odradek::proxy {
namespace {

using proto::ErrorCode;
using proto::ProduceRequest;

// Transactional batches of one producer for virtual partitions of one physical one.
class ProducePlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto registry =
        MappingRegistry::create(MappingSpec{.virtual_partitions = 4, .physical_partitions = 1}, {});
    ASSERT_TRUE(registry);
    registry_.emplace(*std::move(registry));
    topic_.name = "events";
    topic_.partitions.resize(1);
    topic_.partitions[0].id = 0;
    topic_.partitions[0].leader = 1;
    resolved_ = {.physical = &topic_, .remapper = registry_->match("events")->remapper};
    for (int32_t v = 0; v < 2; ++v) {
      wire::BatchBuilder builder(
          {.transactional = true, .producer_id = 7, .producer_epoch = 0, .base_sequence = 0});
      ASSERT_TRUE(builder.append({.timestamp_ms = 1, .key = {}, .value = as_bytes("value")}));
      batches_.push_back(*builder.finish(compressor_));
      frame_bytes_.append(batches_.back().bytes());
    }
    frame_ = Slice::copy_of(frame_bytes_.bytes());
    size_t at = 0;
    for (int32_t v = 0; v < 2; ++v) {
      auto& partition = partitions_.emplace_back();
      partition.index = v;
      partition.records.bytes = frame_.bytes().subspan(at, batches_[0].size());
      at += batches_[0].size();
    }
    data_.name = "events";
    data_.partition_data = partitions_;
    request_.transactional_id = "transfer";
    request_.acks = -1;
    request_.topic_data = {&data_, 1};
  }

  std::optional<MappingRegistry> registry_;
  cluster::Topic topic_;
  ResolvedTopic resolved_;
  wire::Compressor compressor_;
  std::vector<Slice> batches_;
  Buffer frame_bytes_;
  Slice frame_;
  std::vector<ProduceRequest::PartitionProduceData> partitions_;
  ProduceRequest::TopicProduceData data_;
  ProduceRequest request_;
};

TEST_F(ProducePlanTest, SendsTransactionalBatchesOnceTheyHaveANumber) {
  ProducePlan plan(request_, frame_, {&resolved_, 1});
  EXPECT_TRUE(plan.sends().empty());
  ASSERT_EQ(plan.transactional_entries().size(), 2U);
  plan.set_sequence(1, 5);
  ASSERT_EQ(plan.sends().size(), 1U);
  EXPECT_EQ(plan.sends()[0].entries, std::vector<size_t>{1});
}

// What was refused unsent stays refused when another batch is sent a second time.
TEST_F(ProducePlanTest, NeverAcknowledgesWhatWasNotSent) {
  ProducePlan plan(request_, frame_, {&resolved_, 1});
  plan.set_sequence(0, 0);
  plan.fail(plan.sends()[0], ErrorCode::kNotLeaderOrFollower);
  plan.refuse(1, ErrorCode::kNotLeaderOrFollower);
  EXPECT_TRUE(plan.has_moved());
  EXPECT_TRUE(plan.retry_moved({&resolved_, 1}));
  ASSERT_EQ(plan.sends().size(), 1U);
  EXPECT_EQ(plan.sends()[0].entries, std::vector<size_t>{0});
  plan.fail(plan.sends()[0], ErrorCode::kNotLeaderOrFollower);
  EXPECT_FALSE(plan.has_moved());
  EXPECT_FALSE(plan.retry_moved({&resolved_, 1}));
  Arena arena;
  for (const auto& answer : plan.response(arena).responses[0].partition_responses) {
    EXPECT_EQ(answer.error_code, proto::to_number(ErrorCode::kNotLeaderOrFollower));
  }
}

// Each batch more of one partition is one more request upstream.
TEST_F(ProducePlanTest, RefusesAPartitionThatIsNamedAgainAndAgain) {
  wire::BatchBuilder builder{wire::BatchOptions{}};
  ASSERT_TRUE(builder.append({.timestamp_ms = 1, .key = {}, .value = as_bytes("value")}));
  const Slice batch = *builder.finish(compressor_);
  constexpr size_t kTimes = 200'000;
  partitions_.assign(kTimes, {});
  for (auto& partition : partitions_) {
    partition.index = 2;
    partition.records.bytes = batch.bytes();
  }
  data_.partition_data = partitions_;
  request_.transactional_id = {};
  ProducePlan plan(request_, batch, {&resolved_, 1});
  const std::vector<ProducePlan::Send> sends = plan.sends();
  EXPECT_EQ(sends.size(), 16U);
  for (const ProducePlan::Send& send : sends) {
    EXPECT_EQ(send.entries.size(), 1U);
    plan.fail(send, ErrorCode::kNotLeaderOrFollower);
  }
  Arena arena;
  const auto response = plan.response(arena);
  EXPECT_EQ(proto::error_code(response.responses[0].partition_responses[kTimes - 1].error_code),
            ErrorCode::kInvalidRequest);
}

}  // namespace
}  // namespace odradek::proxy
