#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "io/loop.h"
#include "proto/array_of.h"
#include "proto/error_code.h"
#include "proto/messages/fetch_request.h"
#include "proto/messages/fetch_response.h"
#include "proto/messages/produce_request.h"
#include "proto/messages/produce_response.h"
#include "rpc/client_connection.h"
#include "wire/batch_builder.h"

// What the tests of this folder share: a broker under a clock turned by hand, and clients that
// speak to it through memory.
namespace odradek::broker::testing {

using proto::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline int16_t number(ErrorCode code) { return proto::to_number(code); }

// A request that may wait for its answer.
template <class Req>
struct Waiting {
  using Response = proto::ResponseOf<Req>;
  std::shared_ptr<std::optional<Result<rpc::RawResponse>>> answer;
  int16_t version = 0;

  bool done() const { return answer->has_value(); }
  rpc::Decoded<Response> get() const {
    EXPECT_TRUE(done());
    EXPECT_TRUE((*answer)->has_value()) << (*answer)->error().to_string();
    Result<rpc::Decoded<Response>> decoded =
        rpc::decode_body<Response>((**answer)->frame, (**answer)->body, version);
    EXPECT_TRUE(decoded) << decoded.error().to_string();
    return *std::move(decoded);
  }
};

class BrokerTest : public ::testing::Test {
 protected:
  BrokerTest() { options_.loop = &loop_; }

  void SetUp() override { start(); }
  void TearDown() override {
    clients_.clear();
    if (broker_) loop_.block_on(broker_->stop_async());
  }

  void start() {
    broker_ = std::make_unique<Broker>(options_);
    const Result<void> started = broker_->start();
    ASSERT_TRUE(started) << started.error().to_string();
  }
  void restart_with(std::map<std::string, std::string> properties) {
    clients_.clear();
    loop_.block_on(broker_->stop_async());
    options_.properties = std::move(properties);
    start();
  }

  rpc::ClientConnection& connect() {
    auto [ours, theirs] = io::memory_streams(loop_);
    broker_->serve(std::move(theirs));
    rpc::ConnectOptions options;
    options.client_id = "test";
    options.deadline = deadline();
    Result<std::unique_ptr<rpc::ClientConnection>> made =
        loop_.block_on(rpc::ClientConnection::over(loop_, std::move(ours), std::move(options)));
    EXPECT_TRUE(made) << made.error().to_string();
    clients_.push_back(*std::move(made));
    return *clients_.back();
  }
  // The client most tests need.
  rpc::ClientConnection& client() { return clients_.empty() ? connect() : *clients_.front(); }

  MonotonicTime deadline() const { return clock_.now() + std::chrono::hours(24); }

  // Sends a request; its answer is there at once, or after pass().
  template <class Req>
  Waiting<Req> send(rpc::ClientConnection& connection, const Req& request, int16_t version) {
    wire::Writer writer(256);
    encode(writer, version, request);
    Result<SliceChain> body = writer.finish();
    EXPECT_TRUE(body) << body.error().to_string();
    Waiting<Req> waiting{std::make_shared<std::optional<Result<rpc::RawResponse>>>(), version};
    connection.send(Req::kApiKey, version, *std::move(body), deadline(),
                    [answer = waiting.answer](Result<rpc::RawResponse> response) {
                      answer->emplace(std::move(response));
                    });
    loop_.run_ready();
    return waiting;
  }
  template <class Req>
  rpc::Decoded<proto::ResponseOf<Req>> call(const Req& request, int16_t version) {
    return send(client(), request, version).get();
  }
  template <class Req>
  rpc::Decoded<proto::ResponseOf<Req>> call(const Req& request) {
    return call(request, *client().version_for(Req::kApiKey));
  }

  void pass(Duration duration) {
    clock_.advance(duration);
    loop_.run_ready();
  }

  void create_topic(const std::string& name, int32_t partitions = 1,
                    std::vector<std::pair<std::string, std::string>> configs = {}) {
    const Result<void> made = broker_->create_topic({name, partitions, std::move(configs)});
    ASSERT_TRUE(made) << made.error().to_string();
  }

  Slice batch(const std::vector<std::string>& values, wire::BatchOptions options = {}) {
    wire::BatchBuilder builder(options);
    for (const std::string& value : values) {
      wire::NewRecord record;
      record.timestamp_ms = clock_.wall_ms();
      record.key = as_bytes("key");
      record.value = as_bytes(value);
      EXPECT_TRUE(builder.append(record));
    }
    wire::Compressor compressor;
    return *builder.finish(compressor);
  }

  using PartitionAnswer = proto::ProduceResponse::PartitionProduceResponse;
  Waiting<proto::ProduceRequest> send_batch(const std::string& topic, int32_t partition,
                                            const Slice& records, int16_t acks = -1,
                                            int16_t version = 12) {
    proto::ProduceRequest::PartitionProduceData data;
    data.index = partition;
    data.records.bytes = records.bytes();
    proto::ProduceRequest::TopicProduceData topics;
    topics.name = topic;
    topics.partition_data = {&data, 1};
    proto::ProduceRequest request;
    request.acks = acks;
    request.topic_data = {&topics, 1};
    return send(client(), request, version);
  }
  PartitionAnswer produce(const std::string& topic, int32_t partition, const Slice& records,
                          int16_t acks = -1, int16_t version = 12) {
    produced_ = send_batch(topic, partition, records, acks, version).get();
    return produced_.message.responses[0].partition_responses[0];
  }
  PartitionAnswer produce(const std::string& topic, const std::vector<std::string>& values) {
    return produce(topic, 0, batch(values));
  }

  struct FetchSpec {
    std::string topic = "t";
    int32_t partition = 0;
    int64_t offset = 0;
    int32_t wait_ms = 0;
    int32_t bytes_min = 1;
    int32_t bytes_max = 1 << 20;
    int32_t partition_bytes_max = 1 << 20;
    int32_t session_id = 0;
    int32_t session_epoch = -1;
    int32_t leader_epoch = -1;
    bool no_partitions = false;
  };
  Waiting<proto::FetchRequest> fetch(rpc::ClientConnection& connection, const FetchSpec& spec) {
    proto::FetchRequest::FetchPartition partition;
    partition.partition = spec.partition;
    partition.fetch_offset = spec.offset;
    partition.partition_max_bytes = spec.partition_bytes_max;
    partition.current_leader_epoch = spec.leader_epoch;
    proto::FetchRequest::FetchTopic topic;
    topic.topic = spec.topic;
    topic.partitions = {&partition, 1};
    proto::FetchRequest request;
    request.max_wait_ms = spec.wait_ms;
    request.min_bytes = spec.bytes_min;
    request.max_bytes = spec.bytes_max;
    request.session_id = spec.session_id;
    request.session_epoch = spec.session_epoch;
    request.topics = proto::empty_array<proto::FetchRequest::FetchTopic>();
    if (!spec.no_partitions) request.topics = {&topic, 1};
    request.forgotten_topics_data = proto::empty_array<proto::FetchRequest::ForgottenTopic>();
    request.rack_id = "";
    return send(connection, request, 12);
  }
  using FetchAnswer = rpc::Decoded<proto::FetchResponse>;
  FetchAnswer fetch(const FetchSpec& spec) { return fetch(client(), spec).get(); }
  static const proto::FetchResponse::PartitionData& only_partition(const FetchAnswer& answer) {
    EXPECT_EQ(answer->responses.size(), 1U);
    EXPECT_EQ(answer->responses[0].partitions.size(), 1U);
    return answer->responses[0].partitions[0];
  }

  ManualClock clock_;
  io::Loop loop_{clock_};
  BrokerOptions options_;
  std::unique_ptr<Broker> broker_;
  std::vector<std::unique_ptr<rpc::ClientConnection>> clients_;
  rpc::Decoded<proto::ProduceResponse> produced_;
};

}  // namespace odradek::broker::testing
