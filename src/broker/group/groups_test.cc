#include "broker/group/groups.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>

#include "broker/group/group_for_tests.h"

namespace odradek::broker::testing {
namespace {

TEST(SyncGroup, KeepsFollowersWaitingForTheLeader) {
  GroupDriver group;
  const Ticket one = group.join({});
  const Ticket two = group.join({});
  group.pass(Duration::zero());
  const std::string leader = group.joined(one)->leader;
  const std::string a = group.joined(one)->member_id;
  const std::string follower = leader == a ? group.joined(two)->member_id : a;
  const Ticket waiting = group.sync(follower, 1);
  EXPECT_FALSE(group.synced(waiting));
  const Ticket leading = group.sync(leader, 1, {{leader, "L"}, {follower, "F"}});
  EXPECT_EQ(group.synced(leading)->assignment, "L");
  EXPECT_EQ(group.synced(waiting)->assignment, "F");
  EXPECT_EQ(group.state(), GroupState::kStable);
}

TEST(SyncGroup, GivesMembersTheLeaderForgotAnEmptyAssignment) {
  GroupDriver group;
  const auto members = group.stable({{}, {}});
  group.join({});
  for (const std::string& id : members) {
    JoinSpec again;
    again.member = id;
    group.join(again);
  }
  const std::string leader = group.groups.find("g")->leader();
  group.sync(leader, 2, {{leader, "all"}});
  const std::string other = leader == members[0] ? members[1] : members[0];
  const SyncReply reply = *group.synced(group.sync(other, 2));
  EXPECT_EQ(reply.error, Code::kNone);
  EXPECT_EQ(reply.assignment, "");
}

TEST(SyncGroup, ChecksMemberGenerationAndState) {
  GroupDriver group;
  EXPECT_EQ(group.synced(group.sync("a", 1))->error, Code::kUnknownMemberId);
  const auto members = group.stable({{}});
  EXPECT_EQ(group.synced(group.sync("a", 1))->error, Code::kUnknownMemberId);
  EXPECT_EQ(group.synced(group.sync(members[0], 7))->error, Code::kIllegalGeneration);
  group.join({});
  EXPECT_EQ(group.synced(group.sync(members[0], 1))->error, Code::kRebalanceInProgress);
}

TEST(SyncGroup, RemovesMembersThatDoNotSyncInTime) {
  GroupDriver group;
  JoinSpec spec;
  spec.session = seconds(100);
  const Ticket one = group.join(spec);
  const Ticket two = group.join(spec);
  group.pass(Duration::zero());
  const std::string leader = group.joined(one)->leader;
  const std::string a = group.joined(one)->member_id;
  const std::string follower = leader == a ? group.joined(two)->member_id : a;
  const Ticket waiting = group.sync(follower, 1);
  group.pass(seconds(30));
  EXPECT_EQ(group.synced(waiting)->error, Code::kRebalanceInProgress);
  EXPECT_EQ(group.heartbeat(leader, 1), Code::kUnknownMemberId);
}

TEST(Heartbeat, TellsOfRebalancesAndOldGenerations) {
  GroupDriver group;
  const auto members = group.stable({{}});
  EXPECT_EQ(group.heartbeat(members[0], 1), Code::kNone);
  EXPECT_EQ(group.heartbeat(members[0], 0), Code::kIllegalGeneration);
  EXPECT_EQ(group.heartbeat("nobody", 1), Code::kUnknownMemberId);
  EXPECT_EQ(group.heartbeat("a", 1, "none"), Code::kUnknownMemberId);
  EXPECT_EQ(group.heartbeat("a", 1, ""), Code::kInvalidGroupId);
  group.join({});
  EXPECT_EQ(group.heartbeat(members[0], 1), Code::kRebalanceInProgress);
}

TEST(Heartbeat, KeepsTheSessionAlive) {
  GroupDriver group;
  const auto members = group.stable({{}, {}});
  for (int i = 0; i < 3; ++i) {
    group.pass(seconds(9));
    group.heartbeat(members[0], 1);
  }
  EXPECT_EQ(group.groups.find("g")->members().size(), 1U) << "the silent one is out";
  EXPECT_EQ(group.state(), GroupState::kPreparingRebalance);
}

TEST(Heartbeat, IsNotNeededWhileAJoinWaits) {
  GroupDriver group;
  JoinSpec spec;
  spec.rebalance = seconds(60);
  const auto members = group.stable({spec, spec});
  JoinSpec again = spec;
  again.member = members[0];
  JoinSpec third = spec;
  group.join(third);
  const Ticket waiting = group.join(again);
  for (int i = 0; i < 4; ++i) {
    group.pass(seconds(8));
    group.heartbeat(members[1], 1);
  }
  EXPECT_FALSE(group.joined(waiting));
  EXPECT_EQ(group.groups.find("g")->members().size(), 3U);
}

TEST(LeaveGroup, EmptiesTheGroupAndKeepsItsGenerationCount) {
  GroupDriver group;
  const auto members = group.stable({{}});
  EXPECT_EQ(group.leave(members[0]), Code::kNone);
  EXPECT_EQ(group.state(), GroupState::kEmpty);
  EXPECT_EQ(group.groups.find("g")->generation(), 2);
  EXPECT_EQ(group.leave(members[0]), Code::kUnknownMemberId);
  EXPECT_EQ(group.leave("a", "none"), Code::kUnknownMemberId);
}

TEST(LeaveGroup, MakesTheOthersRebalance) {
  GroupDriver group;
  const auto members = group.stable({{}, {}});
  group.leave(members[0]);
  EXPECT_EQ(group.heartbeat(members[1], 1), Code::kRebalanceInProgress);
  JoinSpec again;
  again.member = members[1];
  EXPECT_EQ(group.joined(group.join(again))->generation, 2);
}

TEST(LeaveGroup, RemovesAStaticMemberByItsInstance) {
  GroupDriver group;
  JoinSpec fixed;
  fixed.instance = "a";
  group.stable({fixed});
  std::vector<LeavingMember> members{{"", "a", Code::kNone}, {"", "b", Code::kNone}};
  EXPECT_EQ(group.groups.leave("g", members, group.now(), group.replies), Code::kNone);
  EXPECT_EQ(members[0].error, Code::kNone);
  EXPECT_EQ(members[1].error, Code::kUnknownMemberId);
  EXPECT_EQ(group.state(), GroupState::kEmpty);
}

TEST(OffsetCommit, IsForMembersOfTheGenerationWhileThereAreMembers) {
  GroupDriver group;
  EXPECT_EQ(group.check_commit("", -1), Code::kNone) << "makes the group";
  EXPECT_EQ(group.check_commit("m", 3, "none"), Code::kGroupIdNotFound);
  const auto members = group.stable({{}});
  EXPECT_EQ(group.check_commit("", -1), Code::kUnknownMemberId);
  EXPECT_EQ(group.check_commit(members[0], 1), Code::kNone);
  EXPECT_EQ(group.check_commit(members[0], 2), Code::kIllegalGeneration);
  group.join({});
  EXPECT_EQ(group.check_commit(members[0], 1), Code::kNone) << "still its generation's";
  JoinSpec again;
  again.member = members[0];
  group.join(again);
  EXPECT_EQ(group.check_commit(members[0], 2), Code::kRebalanceInProgress);
}

CommittedOffset offset_at(int64_t offset, TimestampMs committed_ms) {
  CommittedOffset made;
  made.offset = offset;
  made.committed_ms = committed_ms;
  return made;
}

TEST(Offsets, OfAGroupWithoutMembersExpireAfterTheCommit) {
  GroupDriver group;
  group.check_commit("", -1);
  group.commit("t", 0, offset_at(5, group.clock.wall_ms()));
  const TimestampMs week_ms = 7LL * 24 * 3600 * 1000;
  group.groups.expire_offsets(group.clock.wall_ms() + week_ms - 1);
  EXPECT_NE(group.groups.find("g"), nullptr);
  group.groups.expire_offsets(group.clock.wall_ms() + week_ms);
  EXPECT_EQ(group.groups.find("g"), nullptr);
}

TEST(Offsets, OfSubscribedTopicsStay) {
  GroupDriver group;
  JoinSpec spec;
  const std::string metadata("\0\1\0\0\0\1\0\1t\0\0\0\0", 13);
  spec.protocols = {{"range", metadata}};
  group.stable({spec});
  for (const std::string& topic : {"t", "other"}) {
    group.commit(topic, 0, offset_at(1, 0));
  }
  group.groups.expire_offsets(group.clock.wall_ms());
  EXPECT_EQ(group.groups.offsets().of("g").size(), 1U);
  EXPECT_EQ(group.groups.delete_offset("g", "t", 0), Code::kGroupSubscribedToTopic);
  EXPECT_EQ(group.groups.delete_offset("g", "other", 0), Code::kNone);
}

TEST(Offsets, GoWithTheirTopic) {
  GroupDriver group;
  group.check_commit("", -1);
  group.commit("t", 0, offset_at(5, 0));
  group.groups.topic_deleted("t");
  EXPECT_TRUE(group.groups.offsets().of("g").empty());
}

TEST(Offsets, RefuseTooMuchMetadata) {
  GroupDriver group;
  EXPECT_TRUE(group.groups.accepts_metadata(std::string(4096, 'x')));
  EXPECT_FALSE(group.groups.accepts_metadata(std::string(4097, 'x')));
}

TEST(DeleteGroups, OnlyThoseWithoutMembers) {
  GroupDriver group;
  EXPECT_EQ(group.groups.remove("g"), Code::kGroupIdNotFound);
  const auto members = group.stable({{}});
  EXPECT_EQ(group.groups.remove("g"), Code::kNonEmptyGroup);
  group.leave(members[0]);
  EXPECT_EQ(group.groups.remove("g"), Code::kNone);
  EXPECT_FALSE(group.groups.wake_at());
}

TEST(Groups, AreNotMoreThanAllowed) {
  GroupConfig config = GroupDriver::quick();
  config.groups_max = 1;
  GroupDriver group(config);
  EXPECT_EQ(group.check_commit("", -1), Code::kNone);
  EXPECT_EQ(group.check_commit("", -1, "other"), Code::kCoordinatorNotAvailable);
  JoinSpec other;
  other.group = "other";
  EXPECT_EQ(group.joined(group.join(other))->error, Code::kCoordinatorNotAvailable);
  EXPECT_EQ(group.stable({{}}).size(), 1U);
}

TEST(Groups, AnswerEverybodyWhenTheyAreCleared) {
  GroupDriver group;
  const auto members = group.stable({{}});
  const Ticket waiting = group.join({});
  group.groups.clear(Code::kUnknownMemberId, group.replies);
  EXPECT_EQ(group.replies.joins.size(), 1U);
  EXPECT_EQ(group.replies.joins[0].first, waiting);
  EXPECT_EQ(group.groups.size(), 0U);
}

// Members that join, sync, beat, leave, crash and come back in any order. Whatever happens: no two
// members hold the same partition in one generation, one leader a generation, and in the end,
// left in peace, the group is stable with everybody in it.
class RandomGroup {
 public:
  explicit RandomGroup(uint64_t seed) : random_(seed) {}

  void run() {
    for (int step = 0; step < 300; ++step) {
      const size_t who = random_() % kMembers;
      act(members_[who]);
      group_.pass(milliseconds(random_() % 3000));
      observe();
    }
    settle();
  }

 private:
  static constexpr size_t kMembers = 6;

  struct Member {
    std::string id;
    int32_t generation = -1;
    std::optional<Ticket> join;
    std::optional<Ticket> sync;
    std::string assignment;
    bool alive = false;
  };

  void join(Member& member) {
    JoinSpec spec;
    spec.member = member.id;
    spec.id_required = random_() % 2 == 0;
    if (random_() % 4 == 0) spec.protocols[0].second = "changed";
    member.join = group_.join(spec);
    member.sync.reset();
    member.assignment.clear();
    member.alive = true;
  }

  void act(Member& member) {
    observe();
    const uint64_t dice = random_() % 100;
    if (!member.alive || (member.generation < 0 && !member.join)) {
      join(member);
    } else if (member.join || member.sync) {
      if (dice < 5) member = Member{};  // crashes while it waits
    } else if (dice < 70) {
      const Code code = group_.heartbeat(member.id, member.generation);
      if (code == Code::kRebalanceInProgress) join(member);
      if (code == Code::kUnknownMemberId || code == Code::kIllegalGeneration) lose(member);
    } else if (dice < 80) {
      group_.leave(member.id);
      member = Member{};
    } else if (dice < 90) {
      member = Member{};  // crashes
    } else {
      join(member);
    }
  }

  void lose(Member& member) {
    member.id.clear();
    member.generation = -1;
    member.assignment.clear();
  }

  // Takes the answers that came and goes on as a client does.
  void observe() {
    for (int round = 0; round < 3; ++round) {
      for (Member& member : members_) take(member);
    }
    check();
  }

  void take(Member& member) {
    if (member.join) {
      const auto reply = group_.joined(*member.join);
      if (!reply) return;
      member.join.reset();
      if (reply->error == Code::kMemberIdRequired) {
        member.id = reply->member_id;
        join(member);
        return;
      }
      if (reply->error != Code::kNone) return lose(member);
      member.id = reply->member_id;
      member.generation = reply->generation;
      check_leader(*reply);
      std::vector<std::pair<std::string, std::string>> assignments;
      for (size_t i = 0; i < reply->members.size(); ++i) {
        assignments.emplace_back(reply->members[i].member_id, std::to_string(i));
      }
      member.sync = group_.sync(member.id, member.generation, assignments);
    }
    if (member.sync) {
      const auto reply = group_.synced(*member.sync);
      if (!reply) return;
      member.sync.reset();
      if (reply->error == Code::kNone) {
        member.assignment = reply->assignment;
      } else if (reply->error == Code::kRebalanceInProgress) {
        join(member);
      } else {
        lose(member);
      }
    }
  }

  void check_leader(const JoinReply& reply) {
    const auto [known, is_new] = leaders_.emplace(reply.generation, reply.leader);
    EXPECT_EQ(known->second, reply.leader) << "generation " << reply.generation;
  }

  void check() {
    std::set<std::pair<int32_t, std::string>> owned;
    for (const Member& member : members_) {
      if (member.assignment.empty()) continue;
      EXPECT_TRUE(owned.emplace(member.generation, member.assignment).second)
          << "two members own " << member.assignment << " in " << member.generation;
    }
    const ClassicGroup* group = group_.groups.find("g");
    if (group == nullptr) return;
    EXPECT_GE(group->generation(), last_generation_);
    last_generation_ = group->generation();
    EXPECT_EQ(group->leader().empty(), group->members().empty());
    if (!group->leader().empty()) {
      EXPECT_TRUE(group->members().contains(group->leader()));
    }
    if (group_.groups.wake_at()) {
      EXPECT_GE(*group_.groups.wake_at(), group_.clock.now());
    }
  }

  void settle() {
    for (int round = 0; round < 200; ++round) {
      for (Member& member : members_) {
        if (!member.alive || (member.generation < 0 && !member.join)) join(member);
        if (member.join || member.sync) continue;
        const Code code = group_.heartbeat(member.id, member.generation);
        if (code == Code::kRebalanceInProgress) join(member);
        if (code == Code::kUnknownMemberId || code == Code::kIllegalGeneration) lose(member);
      }
      group_.pass(seconds(1));
      observe();
    }
    EXPECT_EQ(group_.state(), GroupState::kStable);
    EXPECT_EQ(group_.groups.find("g")->members().size(), kMembers);
    for (const Member& member : members_) EXPECT_FALSE(member.assignment.empty());
  }

  std::mt19937_64 random_;
  GroupDriver group_;
  std::array<Member, kMembers> members_;
  std::map<int32_t, std::string> leaders_;
  int32_t last_generation_ = 0;
};

TEST(Groups, HoldTheirInvariantsInAnyOrderOfEvents) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    RandomGroup(seed).run();
    if (::testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace odradek::broker::testing
