// Where admin calls go, and what they do when that was wrong: against brokers that do as told.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <set>

#include "odradek/kafka.h"
#include "proto/error_code.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proto/messages/delete_groups_request.h"
#include "proto/messages/delete_groups_response.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/find_coordinator_request.h"
#include "proto/messages/find_coordinator_response.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"
#include "rpc/message.h"
#include "rpc/server.h"

namespace odradek::client {
namespace {

using kafka::ServerCode;
using proto::ApiKey;
using proto::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kBrokers = 2;

template <class Response>
void answer(rpc::Request& request, const Response& response) {
  request.responder.send(*rpc::encode_response(request.correlation_id, request.version, response));
}

class RoutingTest : public testing::Test {
 protected:
  struct FakeBroker final : rpc::RequestHandler {
    void on_request(rpc::Request request) override { test->on_request(id, std::move(request)); }
    RoutingTest* test = nullptr;
    int32_t id = 0;
    uint16_t port = 0;
    std::unique_ptr<rpc::Server> server;
  };

  void SetUp() override {
    rpc::ServerOptions options;
    for (const proto::ApiInfo& api : proto::all_apis()) {
      const bool is_offered = api.key != ApiKey::kDescribeQuorum;
      if (is_offered) options.apis.push_back({api.key, api.min_version, api.max_version});
    }
    std::string bootstrap;
    for (int32_t i = 0; i < kBrokers; ++i) {
      FakeBroker& broker = brokers_[static_cast<size_t>(i)];
      broker.test = this;
      broker.id = i + 1;
      broker.server = std::make_unique<rpc::Server>(loop_, broker, options);
      const auto port = broker.server->listen({});
      ASSERT_TRUE(port);
      broker.port = *port;
      bootstrap += (i == 0 ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(*port);
    }
    client_ = std::make_unique<kafka::Client>(kafka::ClientOptions{.bootstrap = bootstrap});
    admin_ = std::make_unique<kafka::Admin>(*client_);
  }

  void TearDown() override {
    client_.reset();
    for (FakeBroker& broker : brokers_) loop_.block_on(broker.server->stop());
  }

  void on_request(int32_t broker, rpc::Request request) {
    switch (request.api_key) {
      case ApiKey::kMetadata: return tell_metadata(request);
      case ApiKey::kFindCoordinator: return tell_coordinator(request);
      default: break;
    }
    asked_.push_back(broker);
    if (act) return act(broker, request);
    request.responder.close("not expected");
  }

  void tell_metadata(rpc::Request& request) {
    std::array<proto::MetadataResponse::MetadataResponseBroker, kBrokers> nodes;
    for (size_t i = 0; i < nodes.size(); ++i) {
      nodes[i].node_id = brokers_[i].id;
      nodes[i].host = "127.0.0.1";
      nodes[i].port = brokers_[i].port;
    }
    int32_t replicas[] = {1, 2};
    std::array<proto::MetadataResponse::MetadataResponsePartition, kBrokers> partitions;
    for (int32_t i = 0; i < kBrokers; ++i) {
      auto& partition = partitions[static_cast<size_t>(i)];
      partition.partition_index = i;
      partition.leader_id = leaders_[static_cast<size_t>(i)];
      partition.leader_epoch = ++epoch_;
      partition.replica_nodes = proto::array_of(replicas);
      partition.isr_nodes = proto::array_of(replicas);
      partition.offline_replicas = proto::empty_array<int32_t>();
    }
    proto::MetadataResponse::MetadataResponseTopic topics[1];
    topics[0].name = "t";
    topics[0].topic_id.bytes[0] = 1;
    topics[0].partitions = proto::array_of(partitions);
    proto::MetadataResponse response;
    response.brokers = proto::array_of(nodes);
    response.cluster_id = "fake";
    response.controller_id = controller_;
    response.topics = proto::array_of(topics);
    answer(request, response);
  }

  void tell_coordinator(rpc::Request& request) {
    const auto decoded = rpc::decode_request<proto::FindCoordinatorRequest>(request);
    ASSERT_TRUE(decoded);
    proto::FindCoordinatorResponse::Coordinator found[1];
    found[0].key = decoded->message.coordinator_keys.front();
    found[0].node_id = coordinator_;
    found[0].host = "127.0.0.1";
    found[0].port = brokers_[static_cast<size_t>(coordinator_ - 1)].port;
    proto::FindCoordinatorResponse response;
    response.coordinators = proto::array_of(found);
    answer(request, response);
  }

  // Serves until the call has ended.
  template <class T>
  kafka::Result<T> finish(kafka::Op<T> op) {
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (!op.is_done() && std::chrono::steady_clock::now() < end) loop_.run_ready();
    return op.get(milliseconds(0));
  }

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

  io::Loop loop_;
  std::array<FakeBroker, kBrokers> brokers_;
  std::unique_ptr<kafka::Client> client_;
  std::unique_ptr<kafka::Admin> admin_;
  int32_t controller_ = 1;
  int32_t coordinator_ = 1;
  std::array<int32_t, kBrokers> leaders_{1, 2};
  int32_t epoch_ = 0;
  std::function<void(int32_t, rpc::Request&)> act;
  std::vector<int32_t> asked_;  // by what is neither metadata nor about coordinators
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
