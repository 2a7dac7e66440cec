#include <gtest/gtest.h>

#include <algorithm>

#include "broker/group/group_for_tests.h"

namespace odradek::broker::testing {
namespace {

JoinSpec member(const std::string& id) {
  JoinSpec spec;
  spec.member = id;
  return spec;
}
JoinSpec fixed(const std::string& instance) {
  JoinSpec spec;
  spec.instance = instance;
  return spec;
}

TEST(JoinGroup, AnswersAllMembersOfOneStormWithOneGeneration) {
  GroupDriver group;
  std::vector<Ticket> tickets;
  for (int i = 0; i < 100; ++i) tickets.push_back(group.join({}));
  EXPECT_FALSE(group.joined(tickets[0])) << "the first must wait for the others";
  group.pass(Duration::zero());
  size_t with_members = 0;
  for (const Ticket ticket : tickets) {
    const JoinReply reply = *group.joined(ticket);
    EXPECT_EQ(reply.error, Code::kNone);
    EXPECT_EQ(reply.generation, 1);
    if (!reply.members.empty()) {
      ++with_members;
      EXPECT_EQ(reply.leader, reply.member_id);
      EXPECT_EQ(reply.members.size(), 100U);
      EXPECT_EQ(reply.members[0].metadata, "meta");
    }
  }
  EXPECT_EQ(with_members, 1U);
}

TEST(JoinGroup, WaitsForMembersThatKeepArriving) {
  GroupConfig config = GroupDriver::quick();
  config.initial_rebalance_delay = seconds(3);
  GroupDriver group(config);
  const Ticket first = group.join({});
  group.pass(seconds(2));
  group.join({});
  group.pass(seconds(2));
  EXPECT_FALSE(group.joined(first)) << "a member came during the delay: it is extended";
  group.pass(seconds(2));
  EXPECT_EQ(group.joined(first)->generation, 1);
}

TEST(JoinGroup, WaitsNoLongerThanARebalanceMayTake) {
  GroupConfig config = GroupDriver::quick();
  config.initial_rebalance_delay = seconds(3);
  GroupDriver group(config);
  JoinSpec spec;
  spec.rebalance = seconds(7);
  const Ticket first = group.join(spec);
  for (int i = 0; i < 7; ++i) {
    group.pass(seconds(1));
    group.join(spec);
  }
  EXPECT_TRUE(group.joined(first));
}

TEST(JoinGroup, GivesANewMemberItsIdFirst) {
  GroupDriver group;
  JoinSpec spec;
  spec.id_required = true;
  const JoinReply told = *group.joined(group.join(spec));
  EXPECT_EQ(told.error, Code::kMemberIdRequired);
  EXPECT_EQ(told.member_id.substr(0, 7), "client-");
  spec.member = told.member_id;
  const Ticket ticket = group.join(spec);
  group.pass(Duration::zero());
  EXPECT_EQ(group.joined(ticket)->member_id, told.member_id);
}

TEST(JoinGroup, WaitsAMomentForMembersThatWereJustGivenAnId) {
  GroupConfig config = GroupDriver::quick();
  config.pending_member_grace = milliseconds(100);
  GroupDriver group(config);
  JoinSpec spec;
  spec.id_required = true;
  JoinSpec first = spec;
  JoinSpec second = spec;
  first.member = group.joined(group.join(spec))->member_id;
  second.member = group.joined(group.join(spec))->member_id;
  const Ticket one = group.join(first);
  group.pass(milliseconds(5));
  const Ticket two = group.join(second);
  group.pass(milliseconds(10));
  EXPECT_EQ(group.joined(one)->generation, 1);
  EXPECT_EQ(group.joined(two)->generation, 1);
}

TEST(JoinGroup, ForgetsAnIdNobodyCameBackWith) {
  GroupDriver group;
  JoinSpec spec;
  spec.id_required = true;
  spec.member = group.joined(group.join(spec))->member_id;
  group.pass(seconds(10));
  EXPECT_EQ(group.joined(group.join(spec))->error, Code::kUnknownMemberId);
}

TEST(JoinGroup, KeepsMembersWaitingUntilAllHaveJoinedAgain) {
  GroupDriver group;
  const auto members = group.stable({{}, {}});
  const Ticket third = group.join({});
  EXPECT_EQ(group.state(), GroupState::kPreparingRebalance);
  EXPECT_EQ(group.heartbeat(members[0], 1), Code::kRebalanceInProgress);
  const Ticket first = group.join(member(members[0]));
  EXPECT_FALSE(group.joined(first));
  const Ticket second = group.join(member(members[1]));
  for (const Ticket ticket : {first, second, third}) {
    EXPECT_EQ(group.joined(ticket)->generation, 2);
  }
}

TEST(JoinGroup, GoesOnWithoutMembersThatComeTooLate) {
  GroupDriver group;
  JoinSpec patient;
  patient.session = seconds(60);
  const auto members = group.stable({patient, patient});
  const Ticket third = group.join(patient);
  group.pass(seconds(29));
  EXPECT_FALSE(group.joined(third));
  group.pass(seconds(1));
  EXPECT_EQ(group.joined(third)->generation, 2);
  EXPECT_EQ(group.groups.find("g")->members().size(), 1U);
  EXPECT_EQ(group.joined(third)->leader, group.joined(third)->member_id);
}

TEST(JoinGroup, GivesAFollowerThatJoinsUnchangedTheCurrentGeneration) {
  GroupDriver group;
  const auto members = group.stable({{}, {}});
  const std::string leader = group.groups.find("g")->leader();
  const std::string follower = leader == members[0] ? members[1] : members[0];
  const JoinReply reply = *group.joined(group.join(member(follower)));
  EXPECT_EQ(reply.generation, 1);
  EXPECT_TRUE(reply.members.empty());
  EXPECT_EQ(group.state(), GroupState::kStable);
  group.join(member(leader));
  EXPECT_EQ(group.state(), GroupState::kPreparingRebalance) << "a leader asks for a rebalance";
}

TEST(JoinGroup, RebalancesWhenAMembersMetadataChanges) {
  GroupDriver group;
  const auto members = group.stable({{}, {}});
  const std::string leader = group.groups.find("g")->leader();
  JoinSpec changed = member(leader == members[0] ? members[1] : members[0]);
  changed.protocols = {{"range", "other topics"}};
  group.join(changed);
  EXPECT_EQ(group.state(), GroupState::kPreparingRebalance);
}

TEST(JoinGroup, ChoosesTheProtocolMostMembersLikeBestAmongCommonOnes) {
  GroupDriver group;
  JoinSpec a;
  a.protocols = {{"x", "1"}, {"range", "1"}, {"sticky", "1"}};
  JoinSpec b;
  b.protocols = {{"sticky", "2"}, {"range", "2"}};
  const Ticket one = group.join(a);
  group.join(b);
  group.join(b);
  group.pass(Duration::zero());
  EXPECT_EQ(group.joined(one)->protocol_name, "sticky");
}

TEST(JoinGroup, RefusesProtocolsWithoutACommonOne) {
  GroupDriver group;
  group.stable({{}});
  JoinSpec other;
  other.protocols = {{"sticky", ""}};
  EXPECT_EQ(group.joined(group.join(other))->error, Code::kInconsistentGroupProtocol);
  JoinSpec connect;
  connect.protocol_type = "connect";
  EXPECT_EQ(group.joined(group.join(connect))->error, Code::kInconsistentGroupProtocol);
  JoinSpec none;
  none.group = "new";
  none.protocols.clear();
  EXPECT_EQ(group.joined(group.join(none))->error, Code::kInconsistentGroupProtocol);
}

TEST(JoinGroup, RefusesWhatIsWrongFromTheStart) {
  GroupDriver group;
  JoinSpec spec;
  spec.group = "";
  EXPECT_EQ(group.joined(group.join(spec))->error, Code::kInvalidGroupId);
  spec = {};
  spec.session = milliseconds(100);
  EXPECT_EQ(group.joined(group.join(spec))->error, Code::kInvalidSessionTimeout);
  spec = member("nobody");
  EXPECT_EQ(group.joined(group.join(spec))->error, Code::kUnknownMemberId);
}

TEST(JoinGroup, RefusesMoreMembersThanAllowed) {
  GroupConfig config = GroupDriver::quick();
  config.members_max = 2;
  GroupDriver group(config);
  group.stable({{}, {}});
  EXPECT_EQ(group.joined(group.join({}))->error, Code::kGroupMaxSizeReached);
}

TEST(JoinGroup, AnswersOnlyTheLastOfSeveralJoinsOfAMember) {
  GroupDriver group;
  const auto members = group.stable({{}, {}});
  group.join({});
  const Ticket early = group.join(member(members[0]));
  const Ticket late = group.join(member(members[0]));
  EXPECT_EQ(group.dropped, std::vector<Ticket>{early});
  group.join(member(members[1]));
  EXPECT_TRUE(group.joined(late));
  EXPECT_FALSE(group.joined(early));
}

TEST(StaticMember, TakesItsOldPlaceWithoutARebalance) {
  GroupDriver group;
  const auto members = group.stable({fixed("a"), fixed("b")});
  JoinSpec again = fixed("b");
  again.can_skip = true;
  const JoinReply reply = *group.joined(group.join(again));
  EXPECT_EQ(reply.error, Code::kNone);
  EXPECT_EQ(reply.generation, 1);
  EXPECT_NE(reply.member_id, members[1]);
  EXPECT_EQ(reply.skip_assignment, reply.leader == reply.member_id);
  EXPECT_EQ(group.state(), GroupState::kStable);
  EXPECT_EQ(group.synced(group.sync(reply.member_id, 1))->assignment, "of " + members[1]);
  EXPECT_EQ(group.heartbeat(members[1], 1), Code::kUnknownMemberId);
}

TEST(StaticMember, ThatLeadsIsToldTheOldLeaderWhenItCannotSkip) {
  GroupDriver group;
  const auto members = group.stable({fixed("a")});
  const JoinReply reply = *group.joined(group.join(fixed("a")));
  EXPECT_EQ(reply.leader, members[0]) << "else it would assign again";
  EXPECT_NE(reply.member_id, members[0]);
  EXPECT_TRUE(reply.members.empty());
}

TEST(StaticMember, IsFencedByItsSuccessor) {
  GroupDriver group;
  JoinSpec first = fixed("a");
  group.stable({first, fixed("b")});
  group.join({});
  const std::string old_id =
      std::ranges::find_if(group.groups.find("g")->members(), [](const auto& item) {
        return item.second.instance_id == "a";
      })->first;
  first.member = old_id;
  const Ticket waiting = group.join(first);
  group.join(fixed("a"));
  EXPECT_EQ(group.joined(waiting)->error, Code::kFencedInstanceId);
  EXPECT_EQ(group.joined(group.join(first))->error, Code::kFencedInstanceId);
}

TEST(StaticMember, ThatReturnsWhileTheLeaderAssignsMakesItBeginAgain) {
  GroupDriver group;
  group.join(fixed("a"));
  group.join(fixed("b"));
  group.pass(Duration::zero());
  EXPECT_EQ(group.state(), GroupState::kCompletingRebalance);
  group.join(fixed("b"));
  EXPECT_EQ(group.state(), GroupState::kPreparingRebalance);
}

TEST(StaticMember, KeepsItsPlaceWhileItsSessionLasts) {
  GroupDriver group;
  JoinSpec a = fixed("a");
  JoinSpec b = fixed("b");
  a.session = b.session = seconds(100);
  group.stable({a, b});
  const Ticket third = group.join({});
  group.pass(seconds(30));
  EXPECT_EQ(group.joined(third)->generation, 2);
  EXPECT_EQ(group.groups.find("g")->members().size(), 3U) << "late static members stay";
}

}  // namespace
}  // namespace odradek::broker::testing
