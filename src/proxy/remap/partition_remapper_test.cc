#include "proxy/remap/partition_remapper.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "proxy/seed_for_tests.h"

namespace odradek::proxy {
namespace {

// Virtual and physical numbers must not mix: these calls do not compile.
template <class Remapper, class Id>
concept TakesAsVirtual = requires(const Remapper& r, Id id) { r.physical_of(id); };
template <class Remapper, class Id>
concept TakesAsPhysical =
    requires(const Remapper& r, Id id) { r.virtual_partitions_for_physical(id); };
template <class Remapper, class O>
concept TakesAsSegmented =
    requires(const Remapper& r, O offset) { r.physical_to_virtual(PartitionId(0), offset); };
static_assert(TakesAsVirtual<PartitionRemapper, VirtualPartitionId>);
static_assert(!TakesAsVirtual<PartitionRemapper, PartitionId>);
static_assert(!TakesAsVirtual<PartitionRemapper, int32_t>);
static_assert(!TakesAsPhysical<PartitionRemapper, VirtualPartitionId>);
static_assert(!TakesAsSegmented<PartitionRemapper, Offset>);
static_assert(!std::is_convertible_v<VirtualPartitionId, PartitionId>);
static_assert(!std::is_convertible_v<SegmentedOffset, Offset>);

PartitionRemapper remapper(int32_t virtual_partitions, int32_t physical_partitions,
                           int64_t offset_range = kDefaultOffsetRange) {
  const MappingSpec spec{virtual_partitions, physical_partitions, offset_range};
  return *PartitionRemapper::create(spec);
}

TEST(PartitionRemapper, RefusesMappingsThatDoNotDivide) {
  const auto refused = [](MappingSpec spec) {
    const Result<PartitionRemapper> made = PartitionRemapper::create(spec);
    return !made && made.error().code() == Errc::kConfig;
  };
  EXPECT_TRUE(refused({.virtual_partitions = 10, .physical_partitions = 3}));
  EXPECT_TRUE(refused({.virtual_partitions = 2, .physical_partitions = 3}));
  EXPECT_TRUE(refused({.virtual_partitions = 3, .physical_partitions = 0}));
  EXPECT_TRUE(refused({.virtual_partitions = 0, .physical_partitions = 0}));
  EXPECT_TRUE(refused({.virtual_partitions = 257, .physical_partitions = 1}));
  EXPECT_TRUE(refused({.virtual_partitions = (1 << 20) + 1, .physical_partitions = (1 << 20) + 1}));
  EXPECT_TRUE(refused({.virtual_partitions = 2, .physical_partitions = 1, .offset_range = 1023}));
  EXPECT_TRUE(refused(
      {.virtual_partitions = 2, .physical_partitions = 1, .offset_range = int64_t{1} << 62}));
  EXPECT_FALSE(refused({.virtual_partitions = 256, .physical_partitions = 1}));
  EXPECT_FALSE(refused({.virtual_partitions = 1, .physical_partitions = 1}));
}

TEST(PartitionRemapper, SpreadsTwelveOverThree) {
  const PartitionRemapper r = remapper(12, 3);
  EXPECT_EQ(r.compression_ratio(), 4);
  EXPECT_EQ(r.physical_of(VirtualPartitionId(7)), PartitionId(1));
  EXPECT_EQ(r.group_of(VirtualPartitionId(7)), GroupIndex(2));
  const std::vector<VirtualPartitionId> want = {VirtualPartitionId(1), VirtualPartitionId(4),
                                                VirtualPartitionId(7), VirtualPartitionId(10)};
  EXPECT_EQ(r.virtual_partitions_for_physical(PartitionId(1)), want);
  EXPECT_TRUE(r.virtual_partitions_for_physical(PartitionId(3)).empty());
  EXPECT_EQ(r.virtual_to_physical(VirtualPartitionId(12)).error().code(), Errc::kInvalidArgument);
  EXPECT_EQ(r.virtual_to_physical(VirtualPartitionId(-1)).error().code(), Errc::kInvalidArgument);
}

// Invariant 10 of the mapping: round trip, disjoint ranges, errors at the edges.
TEST(PartitionRemapper, IsABijectionForRandomMappings) {
  std::mt19937_64 random(seed_of_test());
  for (int round = 0; round < 200; ++round) {
    const auto physical = static_cast<int32_t>(1 + random() % 50);
    const auto groups = static_cast<int32_t>(1 + random() % 256);
    const auto all = static_cast<uint64_t>(physical * groups);
    const auto range = static_cast<int64_t>(kMinOffsetRange + random() % (1ULL << 45));
    const PartitionRemapper r = remapper(physical * groups, physical, range);
    std::set<std::pair<int32_t, int64_t>> seen;
    for (int i = 0; i < 50; ++i) {
      const VirtualPartitionId v(static_cast<int32_t>(random() % all));
      const Offset offset(static_cast<int64_t>(random() % static_cast<uint64_t>(range)));
      const auto there = r.virtual_to_physical_offset(v, offset);
      ASSERT_TRUE(there);
      EXPECT_EQ(there->partition, r.physical_of(v));
      const auto back = r.physical_to_virtual(there->partition, there->offset);
      ASSERT_TRUE(back);
      EXPECT_EQ(*back, (PartitionRemapper::VirtualAddress{v, offset}));
      EXPECT_TRUE(r.offset_belongs_to_virtual(v, there->offset));
      EXPECT_EQ(r.virtual_of(r.group_of(v), r.physical_of(v)), v);
      // A key keeps its physical partition whether hashed over V or over P.
      const uint64_t hash = random() >> 1;
      const VirtualPartitionId by_key(static_cast<int32_t>(hash % all));
      EXPECT_EQ(static_cast<uint64_t>(r.physical_of(by_key).value()),
                hash % static_cast<uint64_t>(physical));
    }
  }
}

TEST(PartitionRemapper, RangesOfOnePhysicalPartitionDoNotMeet) {
  const PartitionRemapper r = remapper(12, 3, kMinOffsetRange);
  for (int32_t p = 0; p < 3; ++p) {
    int64_t end = 0;
    for (const VirtualPartitionId v : r.virtual_partitions_for_physical(PartitionId(p))) {
      const auto range = r.offset_range_for_virtual(v);
      ASSERT_TRUE(range);
      EXPECT_EQ(range->begin.value(), end);
      end = range->end.value();
    }
    EXPECT_EQ(end, 4 * kMinOffsetRange);
  }
}

TEST(PartitionRemapper, RefusesOffsetsOutsideTheRange) {
  const PartitionRemapper r = remapper(12, 3, kMinOffsetRange);
  const auto code = [](const auto& result) { return result.error().code(); };
  const VirtualPartitionId v(5);
  EXPECT_EQ(code(r.virtual_to_physical_offset(v, Offset(-1))), Errc::kLimitExceeded);
  EXPECT_EQ(code(r.virtual_to_physical_offset(v, Offset(kMinOffsetRange))), Errc::kLimitExceeded);
  EXPECT_EQ(code(r.virtual_to_physical_offset(VirtualPartitionId(12), Offset(0))),
            Errc::kInvalidArgument);
  EXPECT_EQ(code(r.physical_to_virtual(PartitionId(0), SegmentedOffset(-1))), Errc::kLimitExceeded);
  EXPECT_EQ(code(r.physical_to_virtual(PartitionId(0), SegmentedOffset(4 * kMinOffsetRange))),
            Errc::kLimitExceeded);
  EXPECT_EQ(code(r.physical_to_virtual(PartitionId(3), SegmentedOffset(0))),
            Errc::kInvalidArgument);
  EXPECT_FALSE(r.offset_belongs_to_virtual(v, SegmentedOffset(0)));
  EXPECT_FALSE(r.offset_belongs_to_virtual(VirtualPartitionId(12), SegmentedOffset(0)));
}

}  // namespace
}  // namespace odradek::proxy
