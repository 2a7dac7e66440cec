#include "broker/state_log.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "broker/broker_for_tests.h"
#include "broker/node.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"

namespace odradek::broker {
namespace {

// Keeps the last value of every key, as a coordinator does.
class LastValues : public StateReader {
 public:
  Result<void> on_record(int32_t partition, StateProducer producer,
                         const wire::RecordView& record) override {
    const std::string key(as_text(record.key));
    if (is_null(record.value)) {
      values.erase(key);
    } else {
      values[key] = std::string(as_text(record.value));
    }
    partitions[key] = partition;
    producers[key] = producer.id;
    return {};
  }

  std::map<std::string, std::string> values;
  std::map<std::string, int32_t> partitions;
  std::map<std::string, int64_t> producers;
};

class StateLogTest : public ::testing::Test {
 protected:
  static NodeOptions options(std::string partitions) {
    NodeOptions made;
    EXPECT_TRUE(made.settings.set_static("offsets.topic.num.partitions", partitions));
    return made;
  }
  void append(std::string_view id, std::string_view key, std::string_view value,
              StateProducer producer = {}) {
    const StateRecord record{as_bytes(key), as_bytes(value)};
    ASSERT_EQ(node_.offsets_log().append(id, {&record, 1}, producer), proto::ErrorCode::kNone);
  }
  LastValues replayed() {
    LastValues values;
    const Result<void> read = node_.offsets_log().replay(values);
    EXPECT_TRUE(read) << read.error().to_string();
    return values;
  }

  ManualClock clock_;
  io::Loop loop_{clock_};
  Node node_{loop_, options("50")};
};

TEST(JavaHash, IsThatOfJavaStrings) {
  EXPECT_EQ(positive_java_hash(""), 0);
  EXPECT_EQ(positive_java_hash("group"), 98629247);
  EXPECT_EQ(positive_java_hash("polygenelubricants"), 0);  // the smallest integer has no absolute
  EXPECT_EQ(positive_java_hash("\xC3\xA9"), 0xE9);
  EXPECT_EQ(positive_java_hash("\xF0\x9F\x98\x80"), 1772899);  // a surrogate pair
}

TEST_F(StateLogTest, MakesItsTopicAtTheFirstRecord) {
  EXPECT_EQ(node_.topics().find(kOffsetsTopic), nullptr);
  EXPECT_TRUE(replayed().values.empty());
  append("g", "k", "v");
  const Topic* topic = node_.topics().find(kOffsetsTopic);
  ASSERT_NE(topic, nullptr);
  EXPECT_EQ(topic->partitions.size(), 50U);
  EXPECT_TRUE(topic->partitions[0]->log.config().compact);
  EXPECT_FALSE(topic->partitions[0]->log.config().delete_old);
}

TEST_F(StateLogTest, ReplaysWhatWasAppendedInOrder) {
  append("group", "a", "1");
  append("group", "a", "2");
  append("group", "b", "1");
  append("group", "b", {});
  append("other", "c", "", {7, 3});
  const LastValues values = replayed();
  EXPECT_EQ(values.values, (std::map<std::string, std::string>{{"a", "2"}, {"c", ""}}));
  EXPECT_EQ(values.partitions.at("a"), 98629247 % 50);
  EXPECT_EQ(values.producers.at("a"), -1);
  EXPECT_EQ(values.producers.at("c"), 7);
}

TEST_F(StateLogTest, RefusesABatchLargerThanTheTopicTakes) {
  const std::string value(2 << 20, 'x');
  const StateRecord record{as_bytes("k"), as_bytes(value)};
  EXPECT_EQ(node_.offsets_log().append("g", {&record, 1}), proto::ErrorCode::kMessageTooLarge);
  EXPECT_TRUE(replayed().values.empty());
}

class InternalTopics : public testing::BrokerTest {
 protected:
  void make_offsets_topic() {
    proto::MetadataRequest request;
    proto::MetadataRequest::MetadataRequestTopic topic;
    topic.name = kOffsetsTopic;
    request.topics = {&topic, 1};
    request.allow_auto_topic_creation = true;
    call(request);
  }
};

TEST_F(InternalTopics, AreNamedAsSuchAndMadeByMetadataWithTheirOwnConfiguration) {
  make_offsets_topic();
  create_topic("t");
  proto::MetadataRequest request;
  request.topics = {};
  const auto answer = call(request);
  ASSERT_EQ(answer->topics.size(), 2U);
  EXPECT_EQ(answer->topics[0].name, kOffsetsTopic);
  EXPECT_TRUE(answer->topics[0].is_internal);
  EXPECT_EQ(answer->topics[0].partitions.size(), 1U);
  EXPECT_FALSE(answer->topics[1].is_internal);
}

TEST_F(InternalTopics, AreNotWrittenByClients) {
  make_offsets_topic();
  const auto answer = produce(std::string(kOffsetsTopic), {"x"});
  EXPECT_EQ(answer.error_code, testing::number(testing::ErrorCode::kInvalidTopicException));
}

TEST_F(InternalTopics, KeepTheirRecords) {
  make_offsets_topic();
  proto::DeleteRecordsRequest::DeleteRecordsPartition partition;
  partition.offset = -1;
  proto::DeleteRecordsRequest::DeleteRecordsTopic topic;
  topic.name = kOffsetsTopic;
  topic.partitions = {&partition, 1};
  proto::DeleteRecordsRequest request;
  request.topics = {&topic, 1};
  const auto answer = call(request);
  EXPECT_EQ(answer->topics[0].partitions[0].error_code,
            testing::number(testing::ErrorCode::kInvalidTopicException));
}

}  // namespace
}  // namespace odradek::broker
