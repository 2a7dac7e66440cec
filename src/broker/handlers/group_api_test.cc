#include <gtest/gtest.h>

#include "broker/broker_for_tests.h"
#include "proto/messages/delete_groups_request.h"
#include "proto/messages/delete_groups_response.h"
#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"
#include "proto/messages/find_coordinator_request.h"
#include "proto/messages/find_coordinator_response.h"
#include "proto/messages/heartbeat_request.h"
#include "proto/messages/heartbeat_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proto/messages/join_group_request.h"
#include "proto/messages/join_group_response.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"
#include "proto/messages/sync_group_request.h"
#include "proto/messages/sync_group_response.h"

namespace odradek::broker::testing {
namespace {

class GroupApi : public BrokerTest {
 protected:
  Waiting<proto::JoinGroupRequest> join(rpc::ClientConnection& connection,
                                        std::string_view member = "", int16_t version = 3) {
    proto::JoinGroupRequest::JoinGroupRequestProtocol protocol;
    protocol.name = "range";
    protocol.metadata = as_bytes("metadata");
    proto::JoinGroupRequest request;
    request.group_id = "g";
    request.member_id = member;
    request.session_timeout_ms = 10'000;
    request.rebalance_timeout_ms = 30'000;
    request.protocol_type = "consumer";
    request.protocols = {&protocol, 1};
    return send(connection, request, version);
  }
  Waiting<proto::SyncGroupRequest> sync(rpc::ClientConnection& connection, std::string_view member,
                                        int32_t generation, std::string_view assignment = "") {
    proto::SyncGroupRequest::SyncGroupRequestAssignment assigned;
    assigned.member_id = member;
    assigned.assignment = as_bytes(assignment);
    proto::SyncGroupRequest request;
    request.group_id = "g";
    request.member_id = member;
    request.generation_id = generation;
    request.assignments = {&assigned, 1};
    return send(connection, request, 3);
  }
  int16_t commit(std::string_view topic, int64_t offset, std::string_view member = "",
                 int32_t generation = -1) {
    proto::OffsetCommitRequest::OffsetCommitRequestPartition partition;
    partition.committed_offset = offset;
    partition.committed_metadata = "note";
    proto::OffsetCommitRequest::OffsetCommitRequestTopic topics;
    topics.name = topic;
    topics.partitions = {&partition, 1};
    proto::OffsetCommitRequest request;
    request.group_id = "g";
    request.member_id = member;
    request.generation_id_or_member_epoch = generation;
    request.topics = {&topics, 1};
    return call(request, 8)->topics[0].partitions[0].error_code;
  }
};

TEST_F(GroupApi, NamesThisNodeAsCoordinatorOfEverything) {
  std::string_view keys[] = {"a", "b"};
  proto::FindCoordinatorRequest request;
  request.coordinator_keys = keys;
  const auto answer = call(request, 4);
  ASSERT_EQ(answer->coordinators.size(), 2U);
  EXPECT_EQ(answer->coordinators[1].key, "b");
  EXPECT_EQ(answer->coordinators[1].node_id, 1);
  request.key_type = 9;
  EXPECT_EQ(call(request, 4)->coordinators[0].error_code, number(ErrorCode::kInvalidRequest));
}

TEST_F(GroupApi, BlocksJoinsUntilTheGenerationIsThere) {
  restart_with({{"group.initial.rebalance.delay.ms", "1000"}});
  const auto one = join(connect());
  const auto two = join(connect());
  pass(milliseconds(1000));
  EXPECT_FALSE(one.done()) << "a member came during the delay";
  pass(milliseconds(1000));
  ASSERT_TRUE(one.done() && two.done());
  const auto first = one.get();
  EXPECT_EQ(first->generation_id, 1);
  EXPECT_EQ(two.get()->generation_id, 1);
  EXPECT_EQ(first->members.size() + two.get()->members.size(), 2U);

  const auto third = join(connect());
  EXPECT_FALSE(third.done());
  const auto again = join(*clients_[0], first->member_id);
  EXPECT_FALSE(again.done());
  const auto second = join(*clients_[1], two.get()->member_id);
  ASSERT_TRUE(third.done() && again.done() && second.done());
  EXPECT_EQ(third.get()->generation_id, 2);
}

TEST_F(GroupApi, KeepsAMemberWhoseConnectionBreaks) {
  const auto one = join(connect());
  pass(Duration::zero());
  const std::string id(one.get()->member_id);
  sync(*clients_[0], id, 1, "mine");
  clients_.clear();
  loop_.run_ready();
  proto::HeartbeatRequest beat;
  beat.group_id = "g";
  beat.member_id = id;
  beat.generation_id = 1;
  EXPECT_EQ(call(beat)->error_code, 0) << "its session decides, not its connection";
  pass(seconds(11));
  EXPECT_EQ(call(beat)->error_code, number(ErrorCode::kUnknownMemberId));
}

TEST_F(GroupApi, KeepsAMemberAndItsOffsetsWhenTheWallClockJumps) {
  create_topic("t");
  const auto one = join(connect());
  pass(Duration::zero());
  const std::string id(one.get()->member_id);
  sync(*clients_[0], id, 1, "mine");
  EXPECT_EQ(commit("t", 5, id, 1), 0);
  proto::HeartbeatRequest beat;
  beat.group_id = "g";
  beat.member_id = id;
  beat.generation_id = 1;
  const TimestampMs now_ms = clock_.wall_ms();
  for (const TimestampMs jump_ms : {now_ms - 3'600'000, now_ms + 3'600'000}) {
    clock_.set_wall_ms(jump_ms);
    pass(seconds(9));
    EXPECT_EQ(call(beat)->error_code, 0) << jump_ms;
    EXPECT_EQ(commit("t", 6, id, 1), 0) << jump_ms;
  }
  pass(seconds(11));
  EXPECT_EQ(call(beat)->error_code, number(ErrorCode::kUnknownMemberId));
}

TEST_F(GroupApi, DescribesGroups) {
  const auto one = join(connect());
  pass(Duration::zero());
  const std::string id(one.get()->member_id);
  sync(*clients_[0], id, 1, "mine");
  std::string_view names[] = {"g", "none"};
  proto::DescribeGroupsRequest request;
  request.groups = names;
  const auto answer = call(request, 5);
  const auto& group = answer->groups[0];
  EXPECT_EQ(group.group_state, "Stable");
  EXPECT_EQ(group.protocol_data, "range");
  ASSERT_EQ(group.members.size(), 1U);
  EXPECT_EQ(group.members[0].client_id, "test");
  EXPECT_EQ(as_text(group.members[0].member_metadata), "metadata");
  EXPECT_EQ(as_text(group.members[0].member_assignment), "mine");
  EXPECT_EQ(answer->groups[1].group_state, "Dead");
  EXPECT_EQ(answer->groups[1].error_code, 0);
  EXPECT_EQ(call(request, 6)->groups[1].error_code, number(ErrorCode::kGroupIdNotFound));
}

TEST_F(GroupApi, ListsGroupsByStateAndType) {
  create_topic("t");
  commit("t", 1);
  const auto count = [&](std::vector<std::string_view> states,
                         std::vector<std::string_view> types) {
    proto::ListGroupsRequest request;
    request.states_filter = proto::array_of(states);
    request.types_filter = proto::array_of(types);
    return call(request, 5)->groups.size();
  };
  EXPECT_EQ(count({}, {}), 1U);
  EXPECT_EQ(count({"empty"}, {}), 1U);
  EXPECT_EQ(count({"Stable"}, {}), 0U);
  EXPECT_EQ(count({}, {"Classic"}), 1U);
  EXPECT_EQ(count({}, {"consumer"}), 0U);
}

TEST_F(GroupApi, RemembersOffsetsWithTheirMetadata) {
  create_topic("t");
  EXPECT_EQ(commit("t", 7), 0);
  EXPECT_EQ(commit("none", 7), number(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(commit("t", 9, "m", 3), number(ErrorCode::kUnknownMemberId));
  int32_t partitions[] = {0, 1};
  proto::OffsetFetchRequest::OffsetFetchRequestTopics topic;
  topic.name = "t";
  topic.partition_indexes = partitions;
  proto::OffsetFetchRequest::OffsetFetchRequestGroup groups[3];
  groups[0].group_id = groups[1].group_id = "g";
  groups[0].topics = {&topic, 1};
  groups[1].topics = {};
  groups[2].group_id = "none";
  groups[2].topics = {&topic, 1};
  proto::OffsetFetchRequest request;
  request.groups = groups;
  const auto answer = call(request, 9);
  const auto& asked = answer->groups[0].topics[0].partitions;
  EXPECT_EQ(asked[0].committed_offset, 7);
  EXPECT_EQ(asked[0].metadata, "note");
  EXPECT_EQ(asked[1].committed_offset, -1);
  EXPECT_EQ(asked[1].metadata, "");
  EXPECT_EQ(answer->groups[1].topics.size(), 1U) << "null topics mean all";
  EXPECT_EQ(answer->groups[1].topics[0].partitions.size(), 1U);
  EXPECT_EQ(answer->groups[2].topics[0].partitions[0].committed_offset, -1);
  EXPECT_EQ(answer->groups[2].error_code, 0);
}

TEST_F(GroupApi, DeletesEmptyGroupsOnly) {
  join(connect());
  pass(Duration::zero());
  std::string_view names[] = {"g", "none"};
  proto::DeleteGroupsRequest request;
  request.groups_names = names;
  const auto answer = call(request, 2);
  EXPECT_EQ(answer->results[0].error_code, number(ErrorCode::kNonEmptyGroup));
  EXPECT_EQ(answer->results[1].error_code, number(ErrorCode::kGroupIdNotFound));
}

TEST_F(GroupApi, AnswersWaitingMembersWhenEverythingIsForgotten) {
  join(connect());
  pass(Duration::zero());
  const auto waiting = join(connect());
  EXPECT_FALSE(waiting.done());
  broker_->reset();
  loop_.run_ready();
  EXPECT_EQ(waiting.get()->error_code, number(ErrorCode::kUnknownMemberId));
}

TEST_F(GroupApi, GivesEveryProducerAnIdOfItsOwn) {
  proto::InitProducerIdRequest request;
  request.transactional_id = {};
  const int64_t first = call(request)->producer_id;
  EXPECT_GE(first, 0);
  EXPECT_EQ(call(request)->producer_id, first + 1);
}

}  // namespace
}  // namespace odradek::broker::testing
