#include "proxy/remap/topic_creation.h"

#include <gtest/gtest.h>

namespace odradek::proxy {
namespace {

using Outcome = TopicCreation::Outcome;

class Creation : public testing::Test {
 protected:
  Outcome outcome(std::string_view topic, int32_t partitions, size_t assignments = 0) {
    return decide_creation(registry_, topic, partitions, assignments).outcome;
  }

  MappingRegistry registry_ =
      *MappingRegistry::create(MappingSpec{.virtual_partitions = 12, .physical_partitions = 3},
                               {{"named", {.virtual_partitions = 8, .physical_partitions = 2}}});
};

TEST_F(Creation, MapsTopicsThatAskForTheVirtualCountOrTheDefault) {
  EXPECT_EQ(outcome("named", 8), Outcome::kMapped);
  EXPECT_EQ(outcome("named", -1), Outcome::kMapped);
  EXPECT_EQ(outcome("other", 12), Outcome::kMapped);
  EXPECT_EQ(outcome("other", -1), Outcome::kMapped);
}

TEST_F(Creation, RefusesOtherCountsForNamedTopics) {
  EXPECT_EQ(outcome("named", 2), Outcome::kWrongCount);
  EXPECT_EQ(outcome("named", 12), Outcome::kWrongCount);
  EXPECT_EQ(outcome("named", -1, 8), Outcome::kOwnAssignment);
}

TEST_F(Creation, LeavesOtherCountsOfTheDefaultUnmapped) {
  EXPECT_EQ(outcome("other", 1), Outcome::kAsAsked);
  EXPECT_EQ(outcome("other", 100), Outcome::kAsAsked);
  EXPECT_EQ(outcome("other", 3), Outcome::kWrongCount);
  EXPECT_EQ(outcome("other", -1, 3), Outcome::kOwnAssignment);
  EXPECT_EQ(outcome("other", -1, 4), Outcome::kAsAsked);
  EXPECT_EQ(outcome("__internal", 3), Outcome::kAsAsked);
}

}  // namespace
}  // namespace odradek::proxy
