#include "backup/positions/position_plan.h"

#include <gtest/gtest.h>

#include "backup/positions/position_snapshot.h"
#include "store/memory_store.h"

namespace odradek::backup {
namespace {

PlannedPosition position(int32_t partition, int64_t offset, int32_t target_partition,
                         int64_t target_offset) {
  PlannedPosition planned;
  planned.topic = planned.target_topic = "orders";
  planned.partition = partition;
  planned.offset = offset;
  planned.target_partition = target_partition;
  planned.target_offset = target_offset;
  return planned;
}

TEST(PositionPlan, OfSeveralPositionsForOnePartitionTheSmallestCounts) {
  PlannedGroup group{
      .id = "g", .positions = {position(0, 5, 0, 40), position(1, 6, 0, 30), position(2, 7, 1, 3)}};
  join_positions(group);
  ASSERT_EQ(group.positions.size(), 2U);
  EXPECT_EQ(group.positions[0].target_offset, 30);
  EXPECT_FALSE(group.positions[0].is_exact);
  EXPECT_TRUE(group.positions[1].is_exact);
}

TEST(PositionPlan, NamesAreQuotedForShellAndCsv) {
  PositionPlan plan;
  plan.groups.push_back({.id = "it's; rm -rf \"x\", y", .positions = {position(0, 5, 0, 40)}});
  EXPECT_NE(
      position_plan_script(plan, "a:1").find("reset 'it'\\''s; rm -rf \"x\", y' 'orders:0' 40\n"),
      std::string::npos);
  EXPECT_NE(position_plan_csv(plan).find("\"it's; rm -rf \"\"x\"\", y\",orders,0,5,"),
            std::string::npos);
}

TEST(PositionSnapshot, ReadsBackWhatWasWritten) {
  store::MemoryStore store;
  const ArchiveKeys keys("set");
  PositionSnapshot older{.id = "a", .at = 5, .cluster_id = "c", .reason = "r"};
  older.groups.push_back({.id = "g", .existed = true, .positions = {{"t", 1, 7, 3, "note"}}});
  older.groups.back().positions.push_back({"t", 2, 8, 3, "\xff\xfe no text"});
  PositionSnapshot newer = older;
  newer.id = "0";
  newer.at = 9;
  ASSERT_TRUE(write_snapshot(store, keys, newer));
  ASSERT_TRUE(write_snapshot(store, keys, older));
  EXPECT_FALSE(write_snapshot(store, keys, older));
  EXPECT_EQ(read_snapshots(store, keys).value(), (std::vector<PositionSnapshot>{older, newer}));
  ASSERT_TRUE(remove_snapshot(store, keys, "a"));
  EXPECT_EQ(remove_snapshot(store, keys, "a").error().code(), Errc::kNotFound);
  EXPECT_EQ(read_snapshot(store, keys, "a").error().code(), Errc::kNotFound);
}

TEST(PositionSnapshot, DamageIsAnError) {
  store::MemoryStore store;
  const ArchiveKeys keys("set");
  for (const char* text : {"", "{}", R"({"format":"odradek-offset-snapshot","schema":1})",
                           R"({"format":"other","schema":1})"}) {
    ASSERT_TRUE(store.put("set/offset-snapshots/x.json", as_bytes(text)));
    EXPECT_EQ(read_snapshot(store, keys, "x").error().code(), Errc::kMalformed) << text;
  }
}

}  // namespace
}  // namespace odradek::backup
