#include <random>

#include "proto/error_code.h"
#include "proto/messages/delete_groups_request.h"
#include "proto/messages/delete_groups_response.h"
#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"
#include "proto/messages/find_coordinator_request.h"
#include "proto/messages/find_coordinator_response.h"
#include "proto/messages/heartbeat_request.h"
#include "proto/messages/heartbeat_response.h"
#include "proto/messages/join_group_request.h"
#include "proto/messages/join_group_response.h"
#include "proto/messages/leave_group_request.h"
#include "proto/messages/leave_group_response.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"
#include "proto/messages/offset_delete_request.h"
#include "proto/messages/offset_delete_response.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"
#include "proto/messages/sync_group_request.h"
#include "proto/messages/sync_group_response.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

using proto::ErrorCode;

constexpr int32_t kPartitions = 12;

struct Committed {
  int64_t offset = -1;
  int32_t epoch = -1;
  std::string metadata;
  auto operator<=>(const Committed&) const = default;
};

struct Member {
  std::string id;
  int32_t generation = -1;
};

class ProxyGroups : public ProxyTest {
 protected:
  void SetUp() override {
    start();
    ASSERT_EQ(create_topic("events", kPartitions), 0);
    ASSERT_EQ(create_topic("others", kPartitions), 0);
  }

  // Commits and gives the code of each partition.
  std::map<int32_t, ErrorCode> commit(std::string_view group, std::string_view topic,
                                      const std::map<int32_t, Committed>& offsets,
                                      const Member& member = {}) {
    std::vector<proto::OffsetCommitRequest::OffsetCommitRequestPartition> partitions;
    for (const auto& [v, committed] : offsets) {
      auto& partition = partitions.emplace_back();
      partition.partition_index = v;
      partition.committed_offset = committed.offset;
      partition.committed_leader_epoch = committed.epoch;
      partition.committed_metadata = committed.metadata;
    }
    proto::OffsetCommitRequest::OffsetCommitRequestTopic asked;
    asked.name = topic;
    asked.partitions = partitions;
    proto::OffsetCommitRequest request;
    request.group_id = group;
    request.generation_id_or_member_epoch = member.generation;
    request.member_id = member.id;
    request.topics = {&asked, 1};
    const auto answer = call(request);
    std::map<int32_t, ErrorCode> codes;
    for (const auto& partition : answer->topics[0].partitions) {
      codes[partition.partition_index] = proto::error_code(partition.error_code);
    }
    return codes;
  }

  // What is committed, by topic and partition; without `partitions` all of the group.
  std::map<std::string, std::map<int32_t, Committed>> committed(
      std::string_view group, std::string_view topic = {}, std::vector<int32_t> partitions = {}) {
    proto::OffsetFetchRequest::OffsetFetchRequestTopics asked;
    asked.name = topic;
    asked.partition_indexes = partitions;
    proto::OffsetFetchRequest::OffsetFetchRequestGroup wanted;
    wanted.group_id = group;
    wanted.topics = {};
    if (!topic.empty()) wanted.topics = {&asked, 1};
    proto::OffsetFetchRequest request;
    request.groups = {&wanted, 1};
    const auto answer = call(request);
    EXPECT_EQ(answer->groups[0].error_code, 0);
    std::map<std::string, std::map<int32_t, Committed>> found;
    for (const auto& one : answer->groups[0].topics) {
      for (const auto& partition : one.partitions) {
        EXPECT_EQ(partition.error_code, 0);
        if (partition.committed_offset < 0) continue;
        found[std::string(one.name)][partition.partition_index] = {partition.committed_offset,
                                                                   partition.committed_leader_epoch,
                                                                   std::string(partition.metadata)};
      }
    }
    return found;
  }

  // Joins a group alone and becomes its leader.
  Member join(std::string_view group) {
    proto::JoinGroupRequest::JoinGroupRequestProtocol protocol;
    protocol.name = "range";
    protocol.metadata = as_bytes("meta");
    proto::JoinGroupRequest request;
    request.group_id = group;
    request.session_timeout_ms = 30'000;
    request.rebalance_timeout_ms = 30'000;
    request.member_id = "";
    request.protocol_type = "consumer";
    request.protocols = {&protocol, 1};
    std::string id;
    auto answer = call(request);
    if (proto::error_code(answer->error_code) == ErrorCode::kMemberIdRequired) {
      id = answer->member_id;
      request.member_id = id;
      answer = call(request);
    }
    EXPECT_EQ(answer->error_code, 0);
    const Member member = {std::string(answer->member_id), answer->generation_id};
    proto::SyncGroupRequest::SyncGroupRequestAssignment assignment;
    assignment.member_id = member.id;
    assignment.assignment = as_bytes("assigned");
    proto::SyncGroupRequest sync;
    sync.group_id = group;
    sync.generation_id = member.generation;
    sync.member_id = member.id;
    sync.protocol_type = "consumer";
    sync.protocol_name = "range";
    sync.assignments = {&assignment, 1};
    const auto synced = call(sync);
    EXPECT_EQ(synced->error_code, 0);
    EXPECT_EQ(as_text(synced->assignment), "assigned");
    return member;
  }

  void leave(std::string_view group, const Member& member) {
    proto::LeaveGroupRequest::MemberIdentity who;
    who.member_id = member.id;
    proto::LeaveGroupRequest request;
    request.group_id = group;
    request.members = {&who, 1};
    EXPECT_EQ(call(request)->error_code, 0);
  }

  std::vector<std::string> list_groups(rpc::ClientConnection& connection) {
    std::vector<std::string> names;
    for (const auto& group : call(connection, proto::ListGroupsRequest{})->groups) {
      names.emplace_back(group.group_id);
    }
    std::ranges::sort(names);
    return names;
  }
};

bool all_are(const std::map<int32_t, ErrorCode>& codes, ErrorCode code) {
  return std::ranges::all_of(codes, [&](const auto& entry) { return entry.second == code; });
}

// Invariant 8: what is committed for a virtual partition is fetched for it, and for no other
// partition, topic or group.
TEST_F(ProxyGroups, KeepCommittedOffsetsOfEveryVirtualPartitionApart) {
  std::mt19937_64 random(seed_of_test());
  Connection other = connect(add_proxy(default_options()));
  std::map<std::string, std::map<std::string, std::map<int32_t, Committed>>> model;
  for (int round = 0; round < 60; ++round) {
    if (random() % 2 == 0) std::swap(client_, other);
    const std::string group = random() % 2 == 0 ? "red" : "blue";
    const std::string topic = random() % 2 == 0 ? "events" : "others";
    std::map<int32_t, Committed> offsets;
    for (uint64_t n = 1 + random() % 5; n > 0; --n) {
      const auto v = static_cast<int32_t>(random() % kPartitions);
      offsets[v] = {.offset = static_cast<int64_t>(random() % 1000),
                    .epoch = static_cast<int32_t>(random() % 5) - 1,
                    .metadata = random() % 2 == 0 ? "" : "note " + std::to_string(round)};
    }
    EXPECT_TRUE(all_are(commit(group, topic, offsets), ErrorCode{}));
    for (const auto& [v, what] : offsets) model[group][topic][v] = what;
  }
  std::vector<int32_t> all;
  for (int32_t v = 0; v < kPartitions; ++v) all.push_back(v);
  for (const auto& [group, topics] : model) {
    EXPECT_EQ(committed(group), topics);
    for (const auto& [topic, offsets] : topics) {
      EXPECT_EQ(committed(group, topic, all).at(topic), offsets);
    }
  }
  // An instance that was not there before gives the same answer: the offsets are in the cluster.
  other.reset();
  client_.reset();
  for (const auto& proxy : proxies_) loop_.block_on(proxy->stop());
  proxies_.clear();
  client_ = connect(add_proxy(default_options()));
  EXPECT_EQ(committed("red"), model["red"]);
}

TEST_F(ProxyGroups, AreFoundAtTheProxyAndListedWithoutTheirShadows) {
  std::map<int32_t, Committed> offsets;
  for (int32_t v = 0; v < kPartitions; ++v) offsets[v] = {.offset = 5, .epoch = -1, .metadata = {}};
  commit("red", "events", offsets);
  commit("shadows-only", "events", {{11, {.offset = 3, .epoch = -1, .metadata = {}}}});
  EXPECT_EQ(list_groups(*client_), (std::vector<std::string>{"red", "shadows-only"}));
  EXPECT_EQ(list_groups(*connect_to_broker()).size(), 5U);

  std::string_view keys[] = {"red", "red~vp1"};
  proto::FindCoordinatorRequest find;
  find.coordinator_keys = keys;
  const auto found = call(find);
  EXPECT_EQ(found->coordinators[0].error_code, 0);
  EXPECT_EQ(
      std::string(found->coordinators[0].host) + ":" + std::to_string(found->coordinators[0].port),
      proxies_[0]->address());
  EXPECT_EQ(proto::error_code(found->coordinators[1].error_code), ErrorCode::kInvalidGroupId);
  const Committed any = {.offset = 1, .epoch = -1, .metadata = {}};
  EXPECT_TRUE(
      all_are(commit("red~vp1", "events", {{0, any}, {7, any}}), ErrorCode::kInvalidGroupId));
}

TEST_F(ProxyGroups, RefuseCommitsOfStrangersBeforeShadowsAreWritten) {
  const Committed any = {.offset = 7, .epoch = -1, .metadata = {}};
  const Member member = join("team");
  EXPECT_TRUE(
      all_are(commit("team", "events", {{0, any}, {4, any}, {11, any}}, member), ErrorCode{}));
  const std::map<std::string, std::map<int32_t, Committed>> before = committed("team");

  const Committed later = {.offset = 99, .epoch = -1, .metadata = {}};
  const Member stale = {member.id, member.generation + 1};
  const Member stranger = {"nobody", member.generation};
  // With a part of group 0, which the group itself refuses, and without, where it is asked first.
  for (const std::map<int32_t, Committed>& offsets :
       {std::map<int32_t, Committed>{{1, later}, {4, later}},
        std::map<int32_t, Committed>{{4, later}, {11, later}}}) {
    EXPECT_TRUE(all_are(commit("team", "events", offsets, stale), ErrorCode::kIllegalGeneration));
    EXPECT_TRUE(all_are(commit("team", "events", offsets, stranger), ErrorCode::kUnknownMemberId));
    EXPECT_TRUE(all_are(commit("team", "events", offsets), ErrorCode::kUnknownMemberId));
  }
  EXPECT_EQ(committed("team"), before);

  leave("team", member);
  EXPECT_TRUE(all_are(commit("team", "events", {{4, later}}), ErrorCode{}));
  EXPECT_EQ(committed("team")["events"][4].offset, 99);
}

TEST_F(ProxyGroups, ReportUnknownPartitionsOfACommit) {
  const Committed any = {.offset = 7, .epoch = -1, .metadata = {}};
  const auto codes = commit("red", "events", {{0, any}, {12, any}});
  EXPECT_EQ(codes.at(0), ErrorCode{});
  EXPECT_EQ(codes.at(12), ErrorCode::kUnknownTopicOrPartition);
  const auto missing = commit("red", "missing", {{0, any}});
  EXPECT_EQ(missing.at(0), ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(ProxyGroups, GoWithTheirShadowsWhenDeleted) {
  std::map<int32_t, Committed> offsets;
  for (int32_t v = 0; v < kPartitions; ++v) offsets[v] = {.offset = 5, .epoch = -1, .metadata = {}};
  commit("red", "events", offsets);
  const auto remove = [&](std::string_view group) {
    proto::DeleteGroupsRequest request;
    request.groups_names = {&group, 1};
    return proto::error_code(call(request)->results[0].error_code);
  };
  const Member member = join("red");
  EXPECT_EQ(remove("red"), ErrorCode::kNonEmptyGroup);
  EXPECT_EQ(committed("red")["events"].size(), 12U);
  leave("red", member);
  EXPECT_EQ(remove("red"), ErrorCode{});
  EXPECT_EQ(remove("red"), ErrorCode::kGroupIdNotFound);
  EXPECT_TRUE(committed("red").empty());
  EXPECT_TRUE(list_groups(*connect_to_broker()).empty());
}

TEST_F(ProxyGroups, LoseTheOffsetsThatAreDeleted) {
  std::map<int32_t, Committed> offsets;
  for (int32_t v = 0; v < kPartitions; ++v) offsets[v] = {.offset = 5, .epoch = -1, .metadata = {}};
  commit("red", "events", offsets);
  std::vector<proto::OffsetDeleteRequest::OffsetDeleteRequestPartition> partitions(3);
  partitions[0].partition_index = 1;
  partitions[1].partition_index = 4;
  partitions[2].partition_index = 11;
  proto::OffsetDeleteRequest::OffsetDeleteRequestTopic topic;
  topic.name = "events";
  topic.partitions = partitions;
  proto::OffsetDeleteRequest request;
  request.group_id = "red";
  request.topics = {&topic, 1};
  const auto answer = call(request);
  EXPECT_EQ(answer->error_code, 0);
  for (const auto& partition : answer->topics[0].partitions) EXPECT_EQ(partition.error_code, 0);
  for (const int32_t v : {1, 4, 11}) offsets.erase(v);
  EXPECT_EQ(committed("red")["events"], offsets);
}

TEST_F(ProxyGroups, AreDescribedWithTheAssignmentAsTheLeaderSentIt) {
  const Member member = join("team");
  std::string_view groups[] = {"team", "team~vp1"};
  proto::DescribeGroupsRequest request;
  request.groups = groups;
  const auto answer = call(request);
  EXPECT_EQ(answer->groups[0].error_code, 0);
  EXPECT_EQ(answer->groups[0].group_state, "Stable");
  ASSERT_EQ(answer->groups[0].members.size(), 1U);
  EXPECT_EQ(as_text(answer->groups[0].members[0].member_assignment), "assigned");
  EXPECT_EQ(proto::error_code(answer->groups[1].error_code), ErrorCode::kInvalidGroupId);
  proto::HeartbeatRequest heartbeat;
  heartbeat.group_id = "team";
  heartbeat.generation_id = member.generation;
  heartbeat.member_id = member.id;
  EXPECT_EQ(call(heartbeat)->error_code, 0);
}

}  // namespace
}  // namespace odradek::proxy::testing
