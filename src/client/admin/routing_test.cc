// Where admin calls go, and what they do when that was wrong: against brokers that do as told.
#include <set>

#include "client/scripted_cluster_for_tests.h"
#include "proto/error_code.h"
#include "proto/messages/consumer_group_describe_request.h"
#include "proto/messages/consumer_group_describe_response.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proto/messages/delete_groups_request.h"
#include "proto/messages/delete_groups_response.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"

namespace odradek::client {
namespace {

using kafka::ServerCode;
using proto::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::answer;

class RoutingTest : public testing::ScriptedClusterTest {
 protected:
  void SetUp() override {
    ScriptedClusterTest::SetUp();
    admin_ = std::make_unique<kafka::Admin>(*client_);
  }

  // So that calls with little time find their connections open.
  void connect() { ASSERT_TRUE(finish(admin_->describe_topics({"t"}))); }

  // Answers DeleteTopics for every topic with this.
  static void delete_topics(rpc::Request& request, ErrorCode code) {
    const auto decoded = rpc::decode_request<proto::DeleteTopicsRequest>(request);
    ASSERT_TRUE(decoded);
    std::vector<proto::DeleteTopicsResponse::DeletableTopicResult> results;
    for (const std::string_view name : decoded->message.topic_names) {
      auto& result = results.emplace_back();
      result.name = name;
      result.error_code = proto::to_number(code);
    }
    proto::DeleteTopicsResponse response;
    response.responses = proto::array_of(results);
    answer(request, response);
  }

  std::unique_ptr<kafka::Admin> admin_;
};

TEST_F(RoutingTest, FollowsTheControllerWhereItMoves) {
  act = [this](int32_t broker, rpc::Request& request) {
    controller_ = 2;
    delete_topics(request, broker == 2 ? ErrorCode::kNone : ErrorCode::kNotController);
  };
  const auto deleted = finish(admin_->delete_topics({"a", "b"}));
  ASSERT_TRUE(kafka::all(deleted)) << kafka::all(deleted).error().to_string();
  EXPECT_EQ(asked_, (std::vector<int32_t>{1, 2}));
}

TEST_F(RoutingTest, SaysAtOnceWhatWouldFailAgain) {
  act = [](int32_t, rpc::Request& request) {
    delete_topics(request, ErrorCode::kTopicAuthorizationFailed);
  };
  const auto deleted = finish(admin_->delete_topics({"a"}));
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->front().result.error().code(), ServerCode::topic_authorization_failed);
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(RoutingTest, AsksAgainOnlyAboutWhatIsOpen) {
  std::vector<std::set<std::string>> asked_about;
  act = [&asked_about](int32_t, rpc::Request& request) {
    const auto decoded = rpc::decode_request<proto::CreateTopicsRequest>(request);
    ASSERT_TRUE(decoded);
    std::vector<proto::CreateTopicsResponse::CreatableTopicResult> results;
    auto& names = asked_about.emplace_back();
    for (const auto& topic : decoded->message.topics) {
      names.emplace(topic.name);
      auto& result = results.emplace_back();
      result.name = topic.name;
      const bool is_throttled = topic.name == "slow" && asked_about.size() == 1;
      if (is_throttled) result.error_code = proto::to_number(ErrorCode::kThrottlingQuotaExceeded);
    }
    proto::CreateTopicsResponse response;
    response.topics = proto::array_of(results);
    answer(request, response);
  };
  const auto created = finish(admin_->create_topics({{.name = "quick"}, {.name = "slow"}}));
  ASSERT_TRUE(kafka::all(created)) << kafka::all(created).error().to_string();
  ASSERT_EQ(asked_about.size(), 2U);
  EXPECT_EQ(asked_about[0], (std::set<std::string>{"quick", "slow"}));
  EXPECT_EQ(asked_about[1], (std::set<std::string>{"slow"}));
}

TEST_F(RoutingTest, AsksEachLeaderForItsPartitionsAndFollowsThem) {
  act = [this](int32_t broker, rpc::Request& request) {
    leaders_ = {2, 2};
    const auto decoded = rpc::decode_request<proto::DeleteRecordsRequest>(request);
    ASSERT_TRUE(decoded);
    std::vector<proto::DeleteRecordsResponse::DeleteRecordsPartitionResult> partitions;
    for (const auto& partition : decoded->message.topics.front().partitions) {
      auto& result = partitions.emplace_back();
      result.partition_index = partition.partition_index;
      result.low_watermark = partition.offset;
      if (broker == 1) result.error_code = proto::to_number(ErrorCode::kNotLeaderOrFollower);
    }
    proto::DeleteRecordsResponse::DeleteRecordsTopicResult topics[1];
    topics[0].name = "t";
    topics[0].partitions = proto::array_of(partitions);
    proto::DeleteRecordsResponse response;
    response.topics = proto::array_of(topics);
    answer(request, response);
  };
  const auto deleted = finish(admin_->delete_records(
      {{.partition = {"t", 0}, .offset = 5}, {.partition = {"t", 1}, .offset = 6}}));
  const auto offsets = kafka::all(deleted);
  ASSERT_TRUE(offsets) << offsets.error().to_string();
  EXPECT_EQ(*offsets, (std::vector<int64_t>{5, 6}));
  EXPECT_EQ(std::multiset<int32_t>(asked_.begin(), asked_.end()),
            (std::multiset<int32_t>{1, 2, 2}));
}

TEST_F(RoutingTest, AsksForTheSamePartitionAtSeveralTimes) {
  act = [](int32_t, rpc::Request& request) {
    const auto decoded = rpc::decode_request<proto::ListOffsetsRequest>(request);
    ASSERT_TRUE(decoded);
    std::vector<proto::ListOffsetsResponse::ListOffsetsPartitionResponse> partitions;
    std::set<int32_t> named;
    for (const auto& asked : decoded->message.topics.front().partitions) {
      EXPECT_TRUE(named.insert(asked.partition_index).second);
      auto& partition = partitions.emplace_back();
      partition.partition_index = asked.partition_index;
      partition.offset = asked.timestamp + 100;
    }
    proto::ListOffsetsResponse::ListOffsetsTopicResponse topics[1];
    topics[0].name = "t";
    topics[0].partitions = proto::array_of(partitions);
    proto::ListOffsetsResponse response;
    response.topics = proto::array_of(topics);
    answer(request, response);
  };
  const auto listed =
      kafka::all(finish(admin_->list_offsets({{.partition = {"t", 0}, .timestamp_ms = -1},
                                              {.partition = {"t", 1}, .timestamp_ms = -1},
                                              {.partition = {"t", 0}, .timestamp_ms = -2},
                                              {.partition = {"t", 0}, .timestamp_ms = -1}},
                                             kafka::Isolation::read_uncommitted)));
  ASSERT_TRUE(listed) << listed.error().to_string();
  std::vector<int64_t> offsets;
  for (const kafka::ListedOffset& offset : *listed) offsets.push_back(offset.offset);
  EXPECT_EQ(offsets, (std::vector<int64_t>{99, 99, 98, 99}));
  EXPECT_EQ(asked_.size(), 3U);
}

TEST_F(RoutingTest, RefusesTwoWishesForOneThing) {
  const auto refused = [](const auto& result, const std::string& name) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind(), kafka::ErrorKind::invalid_argument);
    EXPECT_NE(result.error().message().find(name), std::string::npos) << result.error().message();
  };
  refused(finish(admin_->delete_records(
              {{.partition = {"t", 0}, .offset = 5}, {.partition = {"t", 0}, .offset = 6}})),
          "t-0");
  refused(finish(admin_->alter_reassignments(
              {{.partition = {"t", 1}, .replicas = {{1}}}, {.partition = {"t", 1}}})),
          "t-1");
  refused(finish(admin_->create_topics({{.name = "a"}, {.name = "a", .partitions = 2}})), "a");
  refused(
      finish(admin_->create_partitions({{.topic = "t", .total = 3}, {.topic = "t", .total = 4}})),
      "t");
  EXPECT_TRUE(asked_.empty());
}

TEST_F(RoutingTest, WhatHasNoCoordinatorHoldsUpNobodyElse) {
  connect();
  lost_ = "a";
  act = [](int32_t, rpc::Request& request) {
    const auto decoded = rpc::decode_request<proto::DeleteGroupsRequest>(request);
    ASSERT_TRUE(decoded);
    std::vector<proto::DeleteGroupsResponse::DeletableGroupResult> results;
    for (const std::string_view name : decoded->message.groups_names) {
      results.emplace_back().group_id = name;
    }
    proto::DeleteGroupsResponse response;
    response.results = proto::array_of(results);
    answer(request, response);
  };
  const auto deleted = finish(admin_->delete_groups({"a", "b", "c"}, milliseconds(1'500)));
  ASSERT_TRUE(deleted) << deleted.error().to_string();
  EXPECT_EQ((*deleted)[0].result.error().code(), ServerCode::coordinator_not_available);
  EXPECT_TRUE((*deleted)[1].result);
  EXPECT_TRUE((*deleted)[2].result);
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(RoutingTest, WhatTheClusterDoesNotKnowFailsByItself) {
  connect();
  const auto offsets =
      finish(admin_->list_offsets({{"none", 0}}, kafka::OffsetSpec::latest, milliseconds(500)));
  ASSERT_TRUE(offsets) << offsets.error().to_string();
  EXPECT_EQ(offsets->front().result.error().code(), ServerCode::unknown_topic_or_partition);
  leaders_ = {1, -1};
  act = [](int32_t, rpc::Request& request) { request.responder.close("nobody is to be asked"); };
  const auto leaderless =
      finish(admin_->list_offsets({{"t", 1}}, kafka::OffsetSpec::latest, milliseconds(500)));
  ASSERT_TRUE(leaderless) << leaderless.error().to_string();
  EXPECT_EQ(leaderless->front().result.error().code(), ServerCode::leader_not_available);
  EXPECT_TRUE(asked_.empty());
}

TEST_F(RoutingTest, KeepsWhatIsDescribedWhenTheRestFails) {
  connect();
  act = [](int32_t, rpc::Request& request) {
    if (request.api_key != proto::ApiKey::kConsumerGroupDescribe) {
      return request.responder.close("as the test wants it");
    }
    const auto decoded = rpc::decode_request<proto::ConsumerGroupDescribeRequest>(request);
    ASSERT_TRUE(decoded);
    std::vector<proto::ConsumerGroupDescribeResponse::DescribedGroup> groups;
    for (const std::string_view name : decoded->message.group_ids) {
      auto& group = groups.emplace_back();
      group.group_id = name;
      if (name == "old") group.error_code = proto::to_number(ErrorCode::kGroupIdNotFound);
    }
    proto::ConsumerGroupDescribeResponse response;
    response.groups = proto::array_of(groups);
    answer(request, response);
  };
  const auto groups = finish(admin_->describe_groups({"new", "old"}, milliseconds(500)));
  ASSERT_TRUE(groups) << groups.error().to_string();
  EXPECT_TRUE((*groups)[0].result);
  ASSERT_FALSE((*groups)[1].result);
  EXPECT_EQ((*groups)[1].name, "old");
  EXPECT_FALSE(finish(admin_->describe_groups({"old"}, milliseconds(500))));
}

TEST_F(RoutingTest, LooksForTheCoordinatorAgainWhenItMoved) {
  act = [this](int32_t broker, rpc::Request& request) {
    coordinator_ = 2;
    const auto decoded = rpc::decode_request<proto::DeleteGroupsRequest>(request);
    ASSERT_TRUE(decoded);
    proto::DeleteGroupsResponse::DeletableGroupResult results[1];
    results[0].group_id = decoded->message.groups_names.front();
    if (broker == 1) results[0].error_code = proto::to_number(ErrorCode::kNotCoordinator);
    proto::DeleteGroupsResponse response;
    response.results = proto::array_of(results);
    answer(request, response);
  };
  const auto deleted = finish(admin_->delete_groups({"g"}));
  ASSERT_TRUE(kafka::all(deleted)) << kafka::all(deleted).error().to_string();
  EXPECT_EQ(asked_, (std::vector<int32_t>{1, 2}));
}

TEST_F(RoutingTest, AsksEveryBrokerForItsGroups) {
  act = [](int32_t broker, rpc::Request& request) {
    proto::ListGroupsResponse::ListedGroup groups[1];
    groups[0].group_id = broker == 1 ? "one" : "two";
    proto::ListGroupsResponse response;
    response.groups = proto::array_of(groups);
    answer(request, response);
  };
  const auto groups = finish(admin_->list_groups());
  ASSERT_TRUE(groups) << groups.error().to_string();
  ASSERT_EQ(groups->size(), 2U);
  EXPECT_EQ((*groups)[0].id, "one");
  EXPECT_EQ((*groups)[1].id, "two");
}

TEST_F(RoutingTest, ABrokerThatHangsUpIsAskedAgain) {
  act = [this](int32_t, rpc::Request& request) {
    if (asked_.size() == 1) return request.responder.close("as the test wants it");
    delete_topics(request, ErrorCode::kNone);
  };
  const auto deleted = finish(admin_->delete_topics({"a"}));
  ASSERT_TRUE(kafka::all(deleted)) << kafka::all(deleted).error().to_string();
  EXPECT_EQ(asked_.size(), 2U);
}

TEST_F(RoutingTest, AnAnswerThatLeavesSomethingOutIsAnError) {
  act = [](int32_t, rpc::Request& request) {
    proto::DeleteTopicsResponse response;
    response.responses = proto::empty_array<proto::DeleteTopicsResponse::DeletableTopicResult>();
    answer(request, response);
  };
  const auto deleted = finish(admin_->delete_topics({"a"}));
  ASSERT_FALSE(kafka::all(deleted));
  EXPECT_EQ(kafka::all(deleted).error().kind(), kafka::ErrorKind::protocol);
}

TEST_F(RoutingTest, WhatNoBrokerOffersIsUnsupported) {
  const auto quorum = finish(admin_->describe_quorum());
  ASSERT_FALSE(quorum);
  EXPECT_EQ(quorum.error().kind(), kafka::ErrorKind::unsupported);
  EXPECT_NE(quorum.error().message().find("DescribeQuorum"), std::string::npos);
  EXPECT_TRUE(asked_.empty());
}

TEST_F(RoutingTest, TheLastReasonIsToldWhenTheTimeIsUp) {
  act = [](int32_t, rpc::Request& request) { delete_topics(request, ErrorCode::kNotController); };
  const auto deleted = finish(admin_->delete_topics({"a"}, milliseconds(250)));
  ASSERT_TRUE(deleted) << deleted.error().to_string();
  EXPECT_EQ(deleted->front().result.error().code_name(), "NOT_CONTROLLER");
  EXPECT_GE(asked_.size(), 2U);
}

TEST_F(RoutingTest, AClientThatGoesAwayEndsItsCalls) {
  std::vector<rpc::Request> held;
  act = [&held](int32_t, rpc::Request& request) { held.push_back(std::move(request)); };
  auto op = admin_->delete_topics({"a"});
  const auto end = std::chrono::steady_clock::now() + seconds(20);
  while (held.empty() && std::chrono::steady_clock::now() < end) loop_.run_ready();
  ASSERT_FALSE(held.empty());
  client_.reset();
  const auto deleted = op.get(seconds(10));
  ASSERT_FALSE(kafka::all(deleted));
  EXPECT_NE(kafka::all(deleted).error().kind(), kafka::ErrorKind::timeout);
}

}  // namespace
}  // namespace odradek::client
