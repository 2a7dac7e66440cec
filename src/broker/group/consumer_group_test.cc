#include "broker/group/consumer_group.h"

#include <gtest/gtest.h>

#include "broker/group/consumer_for_tests.h"
#include "broker/group/subscription.h"

namespace odradek::broker::testing {
namespace {

PartitionSet just(const Uuid& topic, std::set<int32_t> partitions) { return {{topic, partitions}}; }

TEST(ConsumerGroup, GivesTheFirstMemberEverything) {
  ConsumerDriver group;
  const Uuid t = group.make_topic("t", 3);
  const ConsumerReply reply = group.join("a");
  EXPECT_EQ(reply.error, Code::kNone);
  EXPECT_EQ(reply.epoch, 2);
  EXPECT_EQ(reply.assignment, just(t, {0, 1, 2}));
  EXPECT_EQ(reply.heartbeat_interval, seconds(5));
  EXPECT_EQ(group.consumer().state_name(), "Stable");
}

TEST(ConsumerGroup, TellsAnAssignmentOnlyWhenItChanged) {
  ConsumerDriver group;
  group.make_topic("t", 3);
  group.join("a");
  EXPECT_FALSE(group.beat(HeartbeatSpec::later("a", 2)).assignment);
  HeartbeatSpec full = HeartbeatSpec::joining("a");
  full.epoch = 2;
  EXPECT_TRUE(group.beat(full).assignment);
}

TEST(ConsumerGroup, GivesAPartitionOutOnlyWhenItsOwnerGaveItBack) {
  ConsumerDriver group;
  const Uuid t = group.make_topic("t", 2);
  group.join("a");
  const ConsumerReply joined = group.join("b");
  EXPECT_EQ(joined.epoch, 3);
  EXPECT_EQ(count(*joined.assignment), 0U);
  EXPECT_EQ(group.consumer().state_name(), "Reconciling");

  const ConsumerReply revoking = group.beat(HeartbeatSpec::later("a", 2));
  EXPECT_EQ(revoking.epoch, 2);
  ASSERT_EQ(count(*revoking.assignment), 1U);
  EXPECT_FALSE(group.beat(HeartbeatSpec::later("b", 3)).assignment);
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 2, just(t, {0, 1}))).epoch, 2);

  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 2, *revoking.assignment)).epoch, 3);
  const ConsumerReply given = group.beat(HeartbeatSpec::later("b", 3));
  ASSERT_TRUE(given.assignment);
  EXPECT_EQ(count(*given.assignment), 1U);
  EXPECT_NE(given.assignment, revoking.assignment);
  EXPECT_EQ(group.consumer().state_name(), "Stable");
}

TEST(ConsumerGroup, FencesEpochsThatAreNotTheMembers) {
  ConsumerDriver group;
  const Uuid t = group.make_topic("t", 2);
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 2)).error, Code::kGroupIdNotFound);
  group.join("a");
  EXPECT_EQ(group.beat(HeartbeatSpec::later("b", 2)).error, Code::kUnknownMemberId);
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 3)).error, Code::kFencedMemberEpoch);
  group.environment.topics["t"].partitions = 3;
  group.groups.topics_changed();
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 2)).epoch, 3);
  // The answer with the new epoch was lost: the member comes with the one before.
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 2, just(t, {0}))).error, Code::kNone);
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 2, just(t, {7}))).error, Code::kFencedMemberEpoch);
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 2)).error, Code::kFencedMemberEpoch);
  // Or it starts over.
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 0, PartitionSet())).epoch, 3);
}

TEST(ConsumerGroup, GivesPartitionsOfALeavingMemberToTheOthers) {
  ConsumerDriver group;
  group.make_topic("t", 2);
  group.join("a");
  group.join("b");
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", kLeaveEpoch)).epoch, kLeaveEpoch);
  const ConsumerReply reply = group.beat(HeartbeatSpec::later("b", 3));
  EXPECT_EQ(reply.epoch, 4);
  EXPECT_EQ(count(*reply.assignment), 2U);
  EXPECT_EQ(group.beat(HeartbeatSpec::later("b", kLeaveEpoch)).error, Code::kNone);
  EXPECT_EQ(group.consumer().state_name(), "Empty");
  EXPECT_EQ(group.groups.remove("g"), Code::kNone);
  EXPECT_FALSE(group.groups.contains("g"));
}

TEST(ConsumerGroup, RemovesMembersThatAreSilentOrDoNotGiveBack) {
  ConsumerDriver group;
  const Uuid t = group.make_topic("t", 2);
  group.join("a");
  group.join("b");
  group.beat(HeartbeatSpec::later("a", 2));
  for (int i = 0; i < 5; ++i) {
    group.pass(seconds(7));
    group.beat(HeartbeatSpec::later("a", 2, just(t, {0, 1})));
    group.beat(HeartbeatSpec::later("b", 3));
  }
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 2)).error, Code::kUnknownMemberId);
  EXPECT_EQ(group.consumer().members().size(), 1U);
  group.pass(seconds(46));
  EXPECT_EQ(group.consumer().members().size(), 0U);
  EXPECT_FALSE(group.groups.wake_at());
}

TEST(ConsumerGroup, LetsAStaticMemberBeBackWithItsPartitions) {
  ConsumerDriver group;
  group.make_topic("t", 2);
  HeartbeatSpec spec = HeartbeatSpec::joining("a");
  spec.instance = "one";
  const ConsumerReply first = group.beat(spec);
  spec.member = "b";
  EXPECT_EQ(group.beat(spec).error, Code::kUnreleasedInstanceId);
  HeartbeatSpec leaving = HeartbeatSpec::later("a", kStaticLeaveEpoch);
  leaving.instance = "one";
  EXPECT_EQ(group.beat(leaving).epoch, kStaticLeaveEpoch);
  const ConsumerReply back = group.beat(spec);
  EXPECT_EQ(back.epoch, first.epoch);
  EXPECT_EQ(back.assignment, first.assignment);
  HeartbeatSpec old = HeartbeatSpec::later("a", 2);
  old.instance = "one";
  EXPECT_EQ(group.beat(old).error, Code::kFencedInstanceId);
}

TEST(ConsumerGroup, NoticesTopicsThatAppearAndGrow) {
  ConsumerDriver group;
  EXPECT_EQ(count(*group.join("a").assignment), 0U);
  group.make_topic("t", 1);
  EXPECT_EQ(count(*group.beat(HeartbeatSpec::later("a", 2)).assignment), 1U);
  group.environment.topics["t"].partitions = 4;
  group.groups.topics_changed();
  EXPECT_EQ(count(*group.beat(HeartbeatSpec::later("a", 3)).assignment), 4U);
  group.make_topic("other", 1);
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 4)).epoch, 4);
}

TEST(ConsumerGroup, SubscribesByExpression) {
  ConsumerDriver group;
  group.make_topic("logs-1", 1);
  group.make_topic("other", 1);
  HeartbeatSpec spec = HeartbeatSpec::joining("a", {});
  spec.regex = "logs-.*";
  EXPECT_EQ(count(*group.beat(spec).assignment), 1U);
  group.make_topic("logs-2", 2);
  EXPECT_EQ(count(*group.beat(HeartbeatSpec::later("a", 2)).assignment), 3U);
  EXPECT_TRUE(group.consumer().is_subscribed_to("logs-2"));
  HeartbeatSpec change = HeartbeatSpec::later("a", 3, PartitionSet());
  change.regex = "";
  change.topics = std::set<std::string>{"other"};
  EXPECT_EQ(count(*group.beat(change).assignment), 1U);
  EXPECT_FALSE(group.consumer().is_subscribed_to("logs-2"));
}

TEST(ConsumerGroup, UsesTheAssignorMostMembersPrefer) {
  ConsumerDriver group;
  group.make_topic("t", 4);
  HeartbeatSpec spec = HeartbeatSpec::joining("a");
  spec.assignor = "range";
  group.beat(spec);
  EXPECT_EQ(group.consumer().assignor(), "range");
}

TEST(ConsumerGroup, ChecksCommitsByEpochAndPartition) {
  ConsumerDriver group;
  const Uuid t = group.make_topic("t", 2);
  group.join("a");
  group.join("b");
  MemberRef ref;
  ref.group_id = "g";
  ref.member_id = "a";
  ref.generation = 2;
  CommitRules rules;
  EXPECT_EQ(group.groups.begin_commit(ref, rules, group.now()), Code::kUnsupportedVersion);
  rules.knows_epochs = true;
  EXPECT_EQ(group.groups.begin_commit(ref, rules, group.now()), Code::kNone);
  const ConsumerReply revoking = group.beat(HeartbeatSpec::later("a", 2));
  group.beat(HeartbeatSpec::later("a", 2, *revoking.assignment));
  // It moved to epoch 3, and what it still has it may commit with epoch 2 too.
  const int32_t kept = *revoking.assignment->begin()->second.begin();
  EXPECT_EQ(group.groups.begin_commit(ref, rules, group.now()), Code::kNone);
  EXPECT_EQ(group.groups.check_partition(ref, t, kept), Code::kNone);
  EXPECT_EQ(group.groups.check_partition(ref, t, 1 - kept), Code::kStaleMemberEpoch);
  ref.member_id = "nobody";
  EXPECT_EQ(group.groups.begin_commit(ref, rules, group.now()), Code::kUnknownMemberId);
  EXPECT_EQ(group.groups.check_fetch("g", "a", 1), Code::kStaleMemberEpoch);
  EXPECT_EQ(group.groups.check_fetch("g", "", -1), Code::kNone);
}

TEST(ConsumerGroup, TakesEverythingBackThatCannotBeWritten) {
  ConsumerDriver group;
  group.make_topic("t", 2);
  group.join("a");
  group.environment.failure = Code::kNotCoordinator;
  EXPECT_EQ(group.join("b").error, Code::kNotCoordinator);
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", kLeaveEpoch)).error, Code::kNotCoordinator);
  EXPECT_EQ(group.consumer().members().size(), 1U);
  EXPECT_EQ(group.consumer().epoch(), 2);
  group.environment.failure = Code::kNone;
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 2)).epoch, 2);
  EXPECT_EQ(group.join("b").epoch, 3);
}

TEST(ConsumerGroup, HearsOfMembersWhileNothingCanBeWritten) {
  ConsumerDriver group;
  group.make_topic("t", 2);
  group.join("a");
  group.environment.failure = Code::kKafkaStorageError;
  group.make_topic("t", 3);  // something to write
  group.pass(seconds(40));
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 2)).error, Code::kKafkaStorageError);
  group.environment.failure = Code::kNone;
  group.pass(seconds(10));
  EXPECT_EQ(group.beat(HeartbeatSpec::later("a", 2)).error, Code::kNone);
}

TEST(ConsumerGroup, ComesBackAfterARestart) {
  ConsumerDriver group;
  group.make_topic("t", 4);
  group.join("a");
  HeartbeatSpec spec = HeartbeatSpec::joining("b", {});
  spec.instance = "one";
  spec.regex = "t.*";
  spec.assignor = "range";
  group.beat(spec);
  group.beat(HeartbeatSpec::later("a", 2));
  auto later = group.restarted();
  later->replayed(group.now());
  const ConsumerGroup* restored = later->find_consumer("g");
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(restored->epoch(), 3);
  EXPECT_EQ(restored->target_epoch(), 3);
  EXPECT_EQ(restored->state_name(), "Reconciling");
  for (const auto& [id, member] : group.consumer().members()) {
    const ConsumerMember* again = restored->find(id);
    ASSERT_NE(again, nullptr);
    EXPECT_TRUE(again->wants_same(member));
    EXPECT_TRUE(again->has_same(member));
    EXPECT_EQ(restored->target(id), group.consumer().target(id));
  }
  EXPECT_TRUE(later->wake_at());
}

// A member of the classic protocol with a subscription to "t".
JoinSpec classic_member(std::string member = "", std::string protocol = "range") {
  JoinSpec spec;
  spec.member = std::move(member);
  spec.protocols = {{protocol, std::string("\0\1\0\0\0\1\0\1t\xFF\xFF\xFF\xFF\0\0\0\0", 17)}};
  return spec;
}

TEST(Migration, TurnsAClassicGroupIntoAConsumerGroupAndBack) {
  ConsumerDriver group;
  const Uuid t = group.make_topic("t", 2);
  const Ticket joining = group.join(classic_member());
  group.pass(Duration::zero());
  const std::string old_member = group.joined(joining)->member_id;
  group.sync(old_member, 1, {{old_member, write_assignment(1, {{"t", {0, 1}}})}});

  const ConsumerReply joined = group.join("new");
  EXPECT_EQ(joined.epoch, 2);
  EXPECT_EQ(count(*joined.assignment), 0U);
  ASSERT_NE(group.groups.find_consumer("g"), nullptr);
  EXPECT_EQ(group.heartbeat(old_member, 1), Code::kRebalanceInProgress);
  // The classic member comes without partitions, and gets what is left to it.
  const JoinReply again = *group.joined(group.join(classic_member(old_member)));
  EXPECT_EQ(again.error, Code::kNone);
  EXPECT_EQ(again.generation, 2);
  const SyncReply synced = *group.synced(group.sync(old_member, 2));
  EXPECT_EQ(synced.error, Code::kNone);
  const auto has = read_assignment(as_bytes(synced.assignment));
  ASSERT_TRUE(has);
  EXPECT_EQ(has->at("t").size(), 1U);
  const ConsumerReply got = group.beat(HeartbeatSpec::later("new", 2));
  EXPECT_EQ(count(*got.assignment), 1U);
  EXPECT_FALSE(has->at("t").contains(*got.assignment->at(t).begin()));
  EXPECT_EQ(group.heartbeat(old_member, 2), Code::kNone);

  EXPECT_EQ(group.beat(HeartbeatSpec::later("new", kLeaveEpoch)).error, Code::kNone);
  ASSERT_NE(group.groups.find("g"), nullptr);
  EXPECT_EQ(group.state(), GroupState::kPreparingRebalance);
  EXPECT_EQ(group.groups.find("g")->members().size(), 1U);
  EXPECT_EQ(group.joined(group.join(classic_member(old_member)))->generation, 3);
}

TEST(Migration, GivesTheFirstTargetAtOnce) {
  ConsumerDriver group;
  group.environment.times.assignment_interval = seconds(1);
  group.make_topic("t", 2);
  const Ticket joining = group.join(classic_member());
  group.pass(Duration::zero());
  const std::string old_member = group.joined(joining)->member_id;
  group.sync(old_member, 1, {{old_member, write_assignment(1, {{"t", {0, 1}}})}});
  EXPECT_EQ(group.join("new").epoch, 2);
  EXPECT_EQ(group.consumer().target_epoch(), 2);
  EXPECT_EQ(group.join("newer").epoch, 2);
  EXPECT_EQ(group.consumer().epoch(), 3);
  // An administrator removes both members of the new protocol in one request.
  std::vector<LeavingMember> leaving{{"new", {}, Code::kNone}, {"newer", {}, Code::kNone}};
  EXPECT_EQ(group.groups.leave("g", leaving, group.now(), group.replies), Code::kNone);
  EXPECT_EQ(leaving[1].error, Code::kNone);
  ASSERT_NE(group.groups.find("g"), nullptr);
  EXPECT_EQ(group.groups.find("g")->members().size(), 1U);
}

TEST(Migration, IsRefusedByPolicy) {
  GroupConfig config = GroupDriver::quick();
  config.may_upgrade = false;
  ConsumerDriver group(config);
  group.make_topic("t", 2);
  group.stable({classic_member()});
  EXPECT_EQ(group.join("new").error, Code::kGroupIdNotFound);
  EXPECT_NE(group.groups.find("g"), nullptr);
}

TEST(Migration, SeesNewPartitionsAlthoughAJoinCouldNotBeWritten) {
  ConsumerDriver group;
  group.make_topic("t", 2);
  group.join("new");
  const std::string old_member = group.joined(group.join(classic_member()))->member_id;
  group.environment.topics["t"].partitions = 4;
  group.groups.topics_changed();
  group.environment.failure = Code::kKafkaStorageError;
  EXPECT_EQ(group.joined(group.join(classic_member(old_member)))->error, Code::kKafkaStorageError);
  group.environment.failure = Code::kNone;
  group.beat(HeartbeatSpec::later("new", 2));
  EXPECT_EQ(count(group.consumer().target("new")) + count(group.consumer().target(old_member)), 4U);
}

TEST(Migration, MixesNoMembersWhenItIsDisabled) {
  GroupConfig config = GroupDriver::quick();
  config.may_upgrade = false;
  config.may_downgrade = false;
  ConsumerDriver group(config);
  group.make_topic("t", 2);
  group.join("new");
  EXPECT_EQ(group.joined(group.join(classic_member()))->error, Code::kInconsistentGroupProtocol);
}

TEST(Migration, OfAGroupWithoutMembersNeedsNoPolicy) {
  GroupConfig config = GroupDriver::quick();
  config.may_upgrade = false;
  ConsumerDriver group(config);
  group.make_topic("t", 2);
  const auto members = group.stable({classic_member()});
  group.commit("t", 0, {});
  group.leave(members[0]);
  EXPECT_EQ(group.join("new").error, Code::kNone);
  EXPECT_NE(group.groups.offsets().find("g", "t", 0), nullptr);
  group.beat(HeartbeatSpec::later("new", kLeaveEpoch));
  group.join(classic_member());
  EXPECT_NE(group.groups.find("g"), nullptr);
  EXPECT_NE(group.groups.offsets().find("g", "t", 0), nullptr);
}

TEST(Migration, AsksForAProtocolOfTheOthers) {
  ConsumerDriver group;
  group.make_topic("t", 2);
  group.join("new");
  JoinSpec wrong = classic_member();
  wrong.protocol_type = "connect";
  EXPECT_EQ(group.joined(group.join(wrong))->error, Code::kInconsistentGroupProtocol);
  JoinSpec first = classic_member();
  first.id_required = true;
  const JoinReply told = *group.joined(group.join(first));
  EXPECT_EQ(told.error, Code::kMemberIdRequired);
  EXPECT_EQ(group.joined(group.join(classic_member(told.member_id)))->error, Code::kNone);
  EXPECT_EQ(group.joined(group.join(classic_member("", "other")))->error,
            Code::kInconsistentGroupProtocol);
  EXPECT_EQ(group.leave(told.member_id), Code::kNone);
  EXPECT_EQ(group.leave("new"), Code::kNone);
  EXPECT_EQ(group.leave("new"), Code::kUnknownMemberId);
}

}  // namespace
}  // namespace odradek::broker::testing
