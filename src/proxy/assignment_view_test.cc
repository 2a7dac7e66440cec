#include "proxy/assignment_view.h"

#include <gtest/gtest.h>

#include <random>

#include "proxy/seed_for_tests.h"

namespace odradek::proxy {
namespace {

struct TopicPartitions {
  std::span<int32_t> partitions{};
};

ResolvedTopic mapped(const PartitionRemapper& remapper) { return {.remapper = &remapper}; }

std::vector<int32_t> show(const PartitionRemapper& remapper, std::vector<int32_t> physical) {
  Arena arena;
  const TopicPartitions assigned = {physical};
  const ResolvedTopic topic = mapped(remapper);
  const auto shown = virtual_assignment(std::span(&assigned, 1), std::span(&topic, 1), arena);
  return {shown[0].partitions.begin(), shown[0].partitions.end()};
}

std::vector<int32_t> tell(const PartitionRemapper& remapper, std::vector<int32_t> owned) {
  Arena arena;
  const TopicPartitions assigned = {owned};
  const ResolvedTopic topic = mapped(remapper);
  const auto told = physical_assignment(std::span(&assigned, 1), std::span(&topic, 1), arena);
  return {told[0].partitions.begin(), told[0].partitions.end()};
}

TEST(AssignmentView, ShowsAllVirtualPartitionsOfAnAssignedOne) {
  const auto remapper =
      PartitionRemapper::create({.virtual_partitions = 12, .physical_partitions = 3});
  ASSERT_TRUE(remapper);
  EXPECT_EQ(show(*remapper, {1}), (std::vector{1, 4, 7, 10}));
  EXPECT_EQ(show(*remapper, {2, 0}), (std::vector{0, 2, 3, 5, 6, 8, 9, 11}));
  EXPECT_EQ(tell(*remapper, {1, 4, 7, 10}), (std::vector{1}));
  EXPECT_EQ(tell(*remapper, {10}), (std::vector{1}));  // the rest is revoked already
  EXPECT_EQ(tell(*remapper, {}), std::vector<int32_t>());
}

TEST(AssignmentView, KeepsWhatIsNotMapped) {
  Arena arena;
  std::vector<int32_t> partitions = {5, 3};
  const TopicPartitions assigned = {partitions};
  const ResolvedTopic topics[] = {{}};
  const auto shown = virtual_assignment(std::span(&assigned, 1), std::span(topics), arena);
  EXPECT_EQ(std::vector(shown[0].partitions.begin(), shown[0].partitions.end()), partitions);
}

// Invariant 9: however a broker deals P partitions to members, the virtual ones are dealt once
// each, and a member tells the broker what it was given.
TEST(AssignmentView, DealsEachVirtualPartitionOnce) {
  std::mt19937_64 random(seed_of_test());
  for (int round = 0; round < 100; ++round) {
    const auto physical = static_cast<int32_t>(1 + random() % 20);
    const auto ratio = static_cast<int32_t>(1 + random() % 20);
    const auto remapper = PartitionRemapper::create(
        {.virtual_partitions = physical * ratio, .physical_partitions = physical});
    ASSERT_TRUE(remapper);
    std::vector<std::vector<int32_t>> members(1 + random() % 5);
    for (int32_t p = 0; p < physical; ++p) members[random() % members.size()].push_back(p);
    std::vector<int32_t> all;
    for (const auto& member : members) {
      const std::vector<int32_t> shown = show(*remapper, member);
      EXPECT_EQ(tell(*remapper, shown), member);
      all.insert(all.end(), shown.begin(), shown.end());
    }
    std::ranges::sort(all);
    ASSERT_EQ(all.size(), static_cast<size_t>(physical * ratio));
    for (int32_t v = 0; v < physical * ratio; ++v) EXPECT_EQ(all[static_cast<size_t>(v)], v);
  }
}

}  // namespace
}  // namespace odradek::proxy
