#include "proxy/leader_fan_out.h"

#include <gtest/gtest.h>

namespace odradek::proxy {
namespace {

using proto::ErrorCode;

// Virtual partitions 0 to 3 of one physical one.
class LeaderFanOutTest : public ::testing::Test {
 protected:
  LeaderFanOutTest() {
    topic_.name = "events";
    topic_.partitions.resize(1);
    topic_.partitions[0].id = 0;
    topic_.partitions[0].leader = 1;
    resolved_ = {.physical = &topic_, .remapper = &remapper_};
  }

  void ask(int32_t partition, int64_t timestamp) {
    fan_out_.add(0, "events", fan_out_.places().size(), resolved_, partition, {timestamp, -1});
  }

  PartitionRemapper remapper_ =
      *PartitionRemapper::create({.virtual_partitions = 4, .physical_partitions = 1});
  cluster::Topic topic_;
  ResolvedTopic resolved_;
  LeaderFanOut fan_out_;
};

TEST_F(LeaderFanOutTest, AsksEqualQuestionsOnceAndOthersInTurn) {
  ask(0, 100);
  ask(1, 100);
  ask(2, 200);
  EXPECT_EQ(fan_out_.target_count(), 2U);
  ASSERT_EQ(fan_out_.batches().size(), 2U);
  EXPECT_EQ(fan_out_.places()[0].target, fan_out_.places()[1].target);
  EXPECT_NE(fan_out_.places()[0].target, fan_out_.places()[2].target);
}

TEST_F(LeaderFanOutTest, RefusesDifferentQuestionsAboutOnePartition) {
  for (int64_t timestamp = 0; timestamp < 1000; ++timestamp) ask(3, timestamp);
  ask(3, 0);
  EXPECT_EQ(fan_out_.batches().size(), 1U);
  EXPECT_EQ(fan_out_.places()[0].error, ErrorCode{});
  EXPECT_EQ(fan_out_.places()[999].error, ErrorCode::kInvalidRequest);
  EXPECT_EQ(fan_out_.places()[1000].error, ErrorCode{});
}

}  // namespace
}  // namespace odradek::proxy
