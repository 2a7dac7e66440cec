#pragma once

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "odradek/kafka.h"
#include "proto/error_code.h"
#include "proto/messages/find_coordinator_request.h"
#include "proto/messages/find_coordinator_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"
#include "rpc/message.h"
#include "rpc/server.h"

// What tests of a client against brokers that do as told share: two brokers on the test's own
// thread, of which one leads t-0 and one t-1.
namespace odradek::client::testing {

constexpr int kBrokers = 2;

template <class Response>
void answer(rpc::Request& request, const Response& response) {
  request.responder.send(*rpc::encode_response(request.correlation_id, request.version, response));
}

class ScriptedClusterTest : public ::testing::Test {
 protected:
  struct FakeBroker final : rpc::RequestHandler {
    void on_request(rpc::Request request) override { test->on_request(id, std::move(request)); }
    ScriptedClusterTest* test = nullptr;
    int32_t id = 0;
    uint16_t port = 0;
    std::unique_ptr<rpc::Server> server;
  };

  void SetUp() override {
    rpc::ServerOptions options;
    for (const proto::ApiInfo& api : proto::all_apis()) {
      const bool is_offered = api.key != proto::ApiKey::kDescribeQuorum;
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
  }

  void TearDown() override {
    client_.reset();
    held_.clear();
    for (FakeBroker& broker : brokers_) loop_.block_on(broker.server->stop());
  }

  void on_request(int32_t broker, rpc::Request request) {
    switch (request.api_key) {
      case proto::ApiKey::kMetadata: return tell_metadata(request);
      case proto::ApiKey::kFindCoordinator: return tell_coordinator(request);
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
    const auto decoded = rpc::decode_request<proto::MetadataRequest>(request);
    ASSERT_TRUE(decoded);
    std::vector<proto::MetadataResponse::MetadataResponseTopic> topics(1);
    topics[0].name = "t";
    topics[0].topic_id.bytes[0] = 1;
    topics[0].partitions = proto::array_of(partitions);
    for (const auto& topic : decoded->message.topics) {
      if (topic.name == "t") continue;
      auto& unknown = topics.emplace_back();
      unknown.name = topic.name;
      unknown.error_code = proto::to_number(topic_error_);
      unknown.partitions = proto::empty_array<proto::MetadataResponse::MetadataResponsePartition>();
    }
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
    if (found[0].key == lost_) {
      found[0].error_code = proto::to_number(proto::ErrorCode::kCoordinatorNotAvailable);
    }
    proto::FindCoordinatorResponse response;
    response.coordinators = proto::array_of(found);
    answer(request, response);
  }

  // Serves until it is so; false when it does not come to be.
  template <class Condition>
  bool serve_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < end) loop_.run_ready();
    return condition();
  }

  // Serves until the call has ended.
  template <class T>
  kafka::Result<T> finish(kafka::Op<T> op) {
    serve_until([&op] { return op.is_done(); });
    return op.get(std::chrono::milliseconds(0));
  }

  // Leaves a request without an answer.
  void hold(rpc::Request& request) { held_.push_back(std::move(request)); }

  io::Loop loop_;
  std::array<FakeBroker, kBrokers> brokers_;
  std::unique_ptr<kafka::Client> client_;
  int32_t controller_ = 1;
  int32_t coordinator_ = 1;
  std::string lost_;  // what has no coordinator
  proto::ErrorCode topic_error_ = proto::ErrorCode::kUnknownTopicOrPartition;  // but of "t"
  std::array<int32_t, kBrokers> leaders_{1, 2};
  int32_t epoch_ = 0;
  std::function<void(int32_t, rpc::Request&)> act;
  std::vector<rpc::Request> held_;
  std::vector<int32_t> asked_;  // by what is neither metadata nor about coordinators
};

}  // namespace odradek::client::testing
