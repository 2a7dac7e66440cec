// How a consumer finds out where to begin: against brokers that do as told.
#include <algorithm>

#include "client/scripted_cluster_for_tests.h"
#include "proto/error_code.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proto/messages/offset_for_leader_epoch_request.h"
#include "proto/messages/offset_for_leader_epoch_response.h"

namespace odradek::client {
namespace {

using proto::ApiKey;
using proto::ErrorCode;
using std::chrono::milliseconds;
using testing::answer;

class PositionsTest : public testing::ScriptedClusterTest {
 protected:
  // Reads t-0 and t-1 from their beginnings.
  void read_both() {
    consumer_ = std::make_unique<kafka::Consumer>(
        *client_, kafka::ConsumerOptions{.start = kafka::Start::earliest});
    ASSERT_TRUE(consumer_->assign({{"t", 0}, {"t", 1}}));
  }

  void TearDown() override {
    consumer_.reset();
    ScriptedClusterTest::TearDown();
  }

  // Fetches are noted and never answered.
  void note_fetch(int32_t broker, rpc::Request& request) {
    fetched_.push_back(broker);
    hold(request);
  }
  bool is_fetched_at(int32_t broker) const {
    return std::ranges::find(fetched_, broker) != fetched_.end();
  }

  // The offset 0 for every partition, but an error for `failing`.
  static void list_offsets(rpc::Request& request, int32_t failing = -1) {
    const auto decoded = rpc::decode_request<proto::ListOffsetsRequest>(request);
    ASSERT_TRUE(decoded);
    std::vector<proto::ListOffsetsResponse::ListOffsetsPartitionResponse> partitions;
    for (const auto& asked : decoded->message.topics.front().partitions) {
      auto& partition = partitions.emplace_back();
      partition.partition_index = asked.partition_index;
      partition.offset = 0;
      if (asked.partition_index != failing) continue;
      partition.error_code = proto::to_number(ErrorCode::kNotLeaderOrFollower);
    }
    proto::ListOffsetsResponse::ListOffsetsTopicResponse topics[1];
    topics[0].name = "t";
    topics[0].partitions = proto::array_of(partitions);
    proto::ListOffsetsResponse response;
    response.topics = proto::array_of(topics);
    answer(request, response);
  }

  // Epochs end far behind every position, but an error for `failing`.
  static void tell_epochs(rpc::Request& request, int32_t failing = -1) {
    const auto decoded = rpc::decode_request<proto::OffsetForLeaderEpochRequest>(request);
    ASSERT_TRUE(decoded);
    std::vector<proto::OffsetForLeaderEpochResponse::EpochEndOffset> partitions;
    for (const auto& asked : decoded->message.topics.front().partitions) {
      auto& partition = partitions.emplace_back();
      partition.partition = asked.partition;
      partition.leader_epoch = asked.leader_epoch;
      partition.end_offset = 1'000;
      if (asked.partition != failing) continue;
      partition.error_code = proto::to_number(ErrorCode::kNotLeaderOrFollower);
    }
    proto::OffsetForLeaderEpochResponse::OffsetForLeaderTopicResult topics[1];
    topics[0].topic = "t";
    topics[0].partitions = proto::array_of(partitions);
    proto::OffsetForLeaderEpochResponse response;
    response.topics = proto::array_of(topics);
    answer(request, response);
  }

  void seek_both() {
    ASSERT_TRUE(
        consumer_->seek({"t", 0}, kafka::OffsetAndMetadata{.offset = 5, .leader_epoch = 0}));
    ASSERT_TRUE(
        consumer_->seek({"t", 1}, kafka::OffsetAndMetadata{.offset = 5, .leader_epoch = 0}));
  }

  std::unique_ptr<kafka::Consumer> consumer_;
  std::vector<int32_t> fetched_;
};

TEST_F(PositionsTest, ReadsFromOneLeaderWhileAnotherSaysNothing) {
  act = [this](int32_t broker, rpc::Request& request) {
    if (request.api_key == ApiKey::kFetch) return note_fetch(broker, request);
    if (broker == 2) return hold(request);
    list_offsets(request);
  };
  read_both();
  EXPECT_TRUE(serve_until([this] { return is_fetched_at(1); }));
}

TEST_F(PositionsTest, ReadsThePartitionsALeaderKnows) {
  leaders_ = {1, 1};
  act = [this](int32_t broker, rpc::Request& request) {
    if (request.api_key == ApiKey::kFetch) return note_fetch(broker, request);
    list_offsets(request, 1);
  };
  read_both();
  EXPECT_TRUE(serve_until([this] { return is_fetched_at(1); }));
}

TEST_F(PositionsTest, ChecksWithOneLeaderWhileAnotherSaysNothing) {
  act = [this](int32_t broker, rpc::Request& request) {
    if (request.api_key == ApiKey::kFetch) return note_fetch(broker, request);
    if (broker == 2) return hold(request);
    tell_epochs(request);
  };
  read_both();
  seek_both();
  EXPECT_TRUE(serve_until([this] { return is_fetched_at(1); }));
}

TEST_F(PositionsTest, ReadsThePartitionsThatWereChecked) {
  leaders_ = {1, 1};
  act = [this](int32_t broker, rpc::Request& request) {
    if (request.api_key == ApiKey::kFetch) return note_fetch(broker, request);
    if (request.api_key == ApiKey::kListOffsets) return list_offsets(request);
    tell_epochs(request, 1);
  };
  read_both();
  seek_both();
  EXPECT_TRUE(serve_until([this] { return is_fetched_at(1); }));
}

TEST_F(PositionsTest, ReadsAPartitionOnceItHasALeader) {
  leaders_ = {1, -1};
  act = [this](int32_t broker, rpc::Request& request) {
    if (request.api_key == ApiKey::kFetch) return note_fetch(broker, request);
    list_offsets(request);
  };
  read_both();
  ASSERT_TRUE(serve_until([this] { return is_fetched_at(1); }));
  leaders_ = {1, 2};
  EXPECT_TRUE(serve_until([this] { return is_fetched_at(2); }));
}

TEST_F(PositionsTest, TellsThatATopicMayNotBeRead) {
  topic_error_ = ErrorCode::kTopicAuthorizationFailed;
  act = [this](int32_t, rpc::Request& request) { hold(request); };
  kafka::Consumer consumer(*client_, {.start = kafka::Start::earliest});
  ASSERT_TRUE(consumer.assign({{"secret", 0}}));
  const auto batch = finish(consumer.next(std::chrono::seconds(10)));
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code(), kafka::ServerCode::topic_authorization_failed);
  EXPECT_NE(batch.error().message().find("secret"), std::string::npos);
}

TEST_F(PositionsTest, TellsOffsetsOfPartitionsNamedTwice) {
  act = [this](int32_t broker, rpc::Request& request) {
    if (request.api_key == ApiKey::kFetch) return note_fetch(broker, request);
    list_offsets(request);
  };
  read_both();
  const auto offsets = finish(consumer_->end_offsets({{"t", 0}, {"t", 1}, {"t", 0}}));
  ASSERT_TRUE(offsets) << offsets.error().to_string();
  EXPECT_EQ(offsets->size(), 3U);
}

}  // namespace
}  // namespace odradek::client
