#include "broker/group/offset_table.h"

#include <gtest/gtest.h>

namespace odradek::broker {
namespace {

CommittedOffset at(int64_t offset) {
  CommittedOffset made;
  made.offset = offset;
  return made;
}

constexpr TransactionOwner kOne{1, 0};
constexpr TransactionOwner kTwo{2, 0};

TEST(OffsetTable, RemembersTheLastCommit) {
  OffsetTable table;
  EXPECT_EQ(table.find("g", "t", 0), nullptr);
  table.set("g", "t", 0, at(1));
  table.set("g", "t", 0, at(2));
  EXPECT_EQ(table.find("g", "t", 0)->offset, 2);
  EXPECT_EQ(table.find("other", "t", 0), nullptr);
  table.erase("g", "t", 0);
  EXPECT_TRUE(table.of("g").empty());
}

TEST(OffsetTable, CountsOffsetsOfATransactionWhenItCommits) {
  OffsetTable table;
  table.set_pending(3, kOne, "g", "t", 0, at(5));
  EXPECT_EQ(table.find("g", "t", 0), nullptr);
  EXPECT_TRUE(table.is_pending("g", "t", 0));
  EXPECT_FALSE(table.is_pending("g", "t", 1));
  table.end_transaction(4, 1, true);  // of another partition of the log
  EXPECT_TRUE(table.is_pending("g", "t", 0));
  table.end_transaction(3, 1, true);
  EXPECT_FALSE(table.is_pending("g", "t", 0));
  EXPECT_EQ(table.find("g", "t", 0)->offset, 5);
}

TEST(OffsetTable, DropsOffsetsOfAnAbortedTransaction) {
  OffsetTable table;
  table.set("g", "t", 0, at(1));
  table.set_pending(0, kOne, "g", "t", 0, at(5));
  table.end_transaction(0, 1, false);
  EXPECT_EQ(table.find("g", "t", 0)->offset, 1);
  EXPECT_FALSE(table.has_pending("g"));
}

TEST(OffsetTable, LetsTheCommitCountThatWasWrittenLast) {
  OffsetTable table;
  table.set_pending(0, kOne, "g", "t", 0, at(5));
  table.set_pending(0, kTwo, "g", "t", 0, at(6));
  table.set("g", "t", 1, at(9));
  table.end_transaction(0, 2, true);
  table.end_transaction(0, 1, true);
  EXPECT_EQ(table.find("g", "t", 0)->offset, 6);
}

TEST(OffsetTable, ForgetsAPartitionWithWhatIsPending) {
  OffsetTable table;
  table.set("g", "t", 0, at(1));
  table.set_pending(0, kOne, "g", "t", 0, at(5));
  table.set_pending(0, kOne, "g", "t", 1, at(6));
  table.erase("g", "t", 0);
  EXPECT_FALSE(table.is_pending("g", "t", 0));
  EXPECT_EQ(table.pending_of("g").at("t").size(), 1U);
  table.end_transaction(0, 1, true);
  EXPECT_EQ(table.find("g", "t", 0), nullptr);
  EXPECT_EQ(table.find("g", "t", 1)->offset, 6);
}

TEST(OffsetTable, ForgetsAGroupWithWhatIsPending) {
  OffsetTable table;
  table.set("g", "t", 0, at(1));
  table.set_pending(0, kOne, "g", "t", 0, at(5));
  table.set_pending(0, kOne, "other", "t", 0, at(7));
  table.erase_group("g");
  EXPECT_FALSE(table.has_pending("g"));
  table.end_transaction(0, 1, true);
  EXPECT_EQ(table.find("g", "t", 0), nullptr);
  EXPECT_EQ(table.find("other", "t", 0)->offset, 7);
}

}  // namespace
}  // namespace odradek::broker
