#include <gtest/gtest.h>

#include "broker/group/group_for_tests.h"

namespace odradek::broker::testing {
namespace {

CommittedOffset offset_at(int64_t offset) {
  CommittedOffset made;
  made.offset = offset;
  made.leader_epoch = 3;
  made.metadata = "note";
  made.committed_ms = 1'000;
  return made;
}

TEST(Restart, KeepsOffsetsAndTheirDeletion) {
  GroupDriver group;
  group.check_commit("", -1);
  group.commit("t", 0, offset_at(5));
  group.commit("t", 1, offset_at(6));
  group.commit("t", 0, offset_at(7));
  EXPECT_EQ(group.groups.delete_offset("g", "t", 1), Code::kNone);
  const auto later = group.restarted();
  const CommittedOffset* kept = later->offsets().find("g", "t", 0);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(kept->offset, 7);
  EXPECT_EQ(kept->leader_epoch, 3);
  EXPECT_EQ(kept->metadata, "note");
  EXPECT_EQ(kept->committed_ms, 1'000);
  EXPECT_EQ(later->offsets().find("g", "t", 1), nullptr);
  EXPECT_EQ(later->find("g")->state(), GroupState::kEmpty);
}

TEST(Restart, KeepsExpiryThatAnOldClientAskedFor) {
  GroupDriver group;
  group.check_commit("", -1);
  CommittedOffset offset = offset_at(5);
  offset.expires_ms = 77;
  group.commit("t", 0, offset);
  EXPECT_EQ(group.restarted()->offsets().find("g", "t", 0)->expires_ms, 77);
}

TEST(Restart, KeepsOffsetsOfAnOpenTransactionPending) {
  GroupDriver group;
  group.check_commit("", -1);
  group.commit("t", 0, offset_at(5), {9, 1});
  const auto later = group.restarted();
  EXPECT_TRUE(later->offsets().is_pending("g", "t", 0));
  later->end_transaction(0, 9, true);
  EXPECT_EQ(later->offsets().find("g", "t", 0)->offset, 5);
}

TEST(Restart, KeepsMembersWithTheirAssignments) {
  GroupDriver group;
  JoinSpec fixed;
  fixed.instance = "one";
  const auto members = group.stable({fixed, {}});
  const auto later = group.restarted();
  const ClassicGroup* kept = later->find("g");
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(kept->state(), GroupState::kStable);
  EXPECT_EQ(kept->generation(), 1);
  EXPECT_EQ(kept->leader(), group.groups.find("g")->leader());
  EXPECT_EQ(kept->protocol_name(), "range");
  ASSERT_EQ(kept->members().size(), 2U);
  const GroupMember& member = kept->members().at(members[0]);
  EXPECT_EQ(member.instance_id, "one");
  EXPECT_EQ(member.assignment, "of " + members[0]);
  EXPECT_EQ(member.session_timeout, seconds(10));
  MemberRef ref;
  ref.group_id = "g";
  ref.member_id = members[1];
  ref.generation = 1;
  EXPECT_EQ(later->heartbeat(ref, group.now()), Code::kNone);
  EXPECT_TRUE(later->wake_at());
}

TEST(Restart, ForgetsDeletedGroups) {
  GroupDriver group;
  const auto members = group.stable({{}});
  group.commit("t", 0, offset_at(5));
  group.leave(members[0]);
  EXPECT_EQ(group.groups.remove("g"), Code::kNone);
  const auto later = group.restarted();
  EXPECT_EQ(later->find("g"), nullptr);
  EXPECT_TRUE(later->offsets().of("g").empty());
}

TEST(Write, ThatFailsCommitsNothing) {
  GroupDriver group;
  group.check_commit("", -1);
  group.environment.failure = Code::kNotCoordinator;
  EXPECT_EQ(group.commit("t", 0, offset_at(5)), Code::kNotCoordinator);
  EXPECT_EQ(group.groups.offsets().find("g", "t", 0), nullptr);
  EXPECT_EQ(group.groups.remove("g"), Code::kNotCoordinator);
  EXPECT_NE(group.groups.find("g"), nullptr);
}

TEST(Write, ThatFailsMakesMembersSyncAgain) {
  GroupDriver group;
  const Ticket joining = group.join({});
  group.pass(Duration::zero());
  const std::string id = group.joined(joining)->member_id;
  group.environment.failure = Code::kNotCoordinator;
  EXPECT_EQ(group.synced(group.sync(id, 1, {{id, "all"}}))->error, Code::kNotCoordinator);
  EXPECT_EQ(group.state(), GroupState::kPreparingRebalance);
}

TEST(Replay, RefusesDamagedRecords) {
  GroupDriver group;
  const std::string key("\0\1\0\1g", 5);
  EXPECT_FALSE(group.groups.replay(0, as_bytes(key), as_bytes("x"), {}, group.now()));
  EXPECT_FALSE(group.groups.replay(0, as_bytes("\1"), as_bytes("x"), {}, group.now()));
  const std::string later("\0\x63whatever", 10);
  EXPECT_TRUE(group.groups.replay(0, as_bytes(later), as_bytes("x"), {}, group.now()));
}

}  // namespace
}  // namespace odradek::broker::testing
