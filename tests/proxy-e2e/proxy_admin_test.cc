#include "proto/error_code.h"
#include "proto/messages/create_partitions_request.h"
#include "proto/messages/create_partitions_response.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/describe_cluster_request.h"
#include "proto/messages/describe_cluster_response.h"
#include "proto/messages/describe_producers_request.h"
#include "proto/messages/describe_producers_response.h"
#include "proto/messages/describe_topic_partitions_request.h"
#include "proto/messages/describe_topic_partitions_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

using proto::ErrorCode;

class ProxyAdmin : public ProxyTest {
 protected:
  rpc::Decoded<proto::MetadataResponse> metadata(std::string_view topic, bool may_create = false) {
    proto::MetadataRequest::MetadataRequestTopic asked;
    asked.name = topic;
    proto::MetadataRequest request;
    request.topics = {&asked, 1};
    request.allow_auto_topic_creation = may_create;
    return call(request);
  }
  ErrorCode metadata_error(std::string_view topic) {
    return proto::error_code(metadata(topic)->topics[0].error_code);
  }
  size_t real_partitions(std::string_view topic) {
    proto::MetadataRequest::MetadataRequestTopic asked;
    asked.name = topic;
    proto::MetadataRequest request;
    request.topics = {&asked, 1};
    return call(*connect_to_broker(), request)->topics[0].partitions.size();
  }
  int64_t offset_for(std::string_view topic, int32_t v, int64_t timestamp) {
    proto::ListOffsetsRequest::ListOffsetsPartition partition;
    partition.partition_index = v;
    partition.timestamp = timestamp;
    proto::ListOffsetsRequest::ListOffsetsTopic asked;
    asked.name = topic;
    asked.partitions = {&partition, 1};
    proto::ListOffsetsRequest request;
    request.replica_id = -1;
    request.topics = {&asked, 1};
    const auto answer = call(request, 7);
    EXPECT_EQ(answer->topics[0].partitions[0].error_code, 0);
    return answer->topics[0].partitions[0].offset;
  }
};

TEST_F(ProxyAdmin, ShowsVirtualPartitionsAndItself) {
  start();
  ASSERT_EQ(create_topic("events", 12), 0);
  EXPECT_EQ(real_partitions("events"), 3U);
  const auto answer = metadata("events");
  ASSERT_EQ(answer->brokers.size(), 1U);
  EXPECT_EQ(std::string(answer->brokers[0].host) + ":" + std::to_string(answer->brokers[0].port),
            proxies_[0]->address());
  ASSERT_EQ(answer->topics[0].partitions.size(), 12U);
  for (int32_t v = 0; v < 12; ++v) {
    const auto& partition = answer->topics[0].partitions[static_cast<size_t>(v)];
    EXPECT_EQ(partition.partition_index, v);
    EXPECT_EQ(partition.leader_id, answer->brokers[0].node_id);
    EXPECT_EQ(partition.replica_nodes.size(), 1U);
    EXPECT_EQ(partition.isr_nodes.size(), 1U);
  }
  const auto cluster = call(proto::DescribeClusterRequest{});
  ASSERT_EQ(cluster->brokers.size(), 1U);
  EXPECT_EQ(cluster->cluster_id, broker_->cluster_id());
}

TEST_F(ProxyAdmin, SpreadsLeadersOverAllInstances) {
  ProxyOptions options = default_options();
  options.advertised = {{"one", 1}, {"two", 2}, {"three", 3}};
  start(options);
  ASSERT_EQ(create_topic("events", 12), 0);
  const auto answer = metadata("events");
  ASSERT_EQ(answer->brokers.size(), 3U);
  for (size_t v = 0; v < 12; ++v) {
    // All virtual partitions of a physical one are read by one instance.
    EXPECT_EQ(answer->topics[0].partitions[v].leader_id,
              answer->topics[0].partitions[v % 3].leader_id);
  }
  EXPECT_NE(answer->topics[0].partitions[0].leader_id, answer->topics[0].partitions[1].leader_id);
}

TEST_F(ProxyAdmin, CreatesTopicsWithTheirPhysicalPartitions) {
  ProxyOptions options = default_options();
  options.topics = {{"named", {.virtual_partitions = 8, .physical_partitions = 2}}};
  start(options);
  EXPECT_EQ(create_topic("a", -1), 0);
  EXPECT_EQ(real_partitions("a"), 3U);
  EXPECT_EQ(create_topic("named", 8), 0);
  EXPECT_EQ(real_partitions("named"), 2U);
  EXPECT_EQ(proto::error_code(create_topic("b", 3)), ErrorCode::kInvalidPartitions);
  EXPECT_EQ(create_topic("plain", 5), 0);
  EXPECT_EQ(metadata("plain")->topics[0].partitions.size(), 5U);
  // Asked for by a client that may create.
  EXPECT_EQ(proto::error_code(metadata("auto", true)->topics[0].error_code),
            ErrorCode::kLeaderNotAvailable);
  EXPECT_EQ(metadata("auto")->topics[0].partitions.size(), 12U);
  EXPECT_EQ(real_partitions("auto"), 3U);
  EXPECT_EQ(metadata_error("never"), ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(ProxyAdmin, RefusesNamedTopicsThatDoNotFitAndPassesOthersThrough) {
  ProxyOptions options = default_options();
  options.topics = {{"named-.*", {.virtual_partitions = 8, .physical_partitions = 2}}};
  start(options);
  ASSERT_TRUE(broker_->create_topic({.name = "named-1", .partitions = 5, .configs = {}}));
  ASSERT_TRUE(broker_->create_topic({.name = "other", .partitions = 5, .configs = {}}));
  EXPECT_EQ(metadata_error("named-1"), ErrorCode::kInvalidTopicException);
  EXPECT_EQ(produce("named-1", {.partition = 0, .values = {"x"}}).error,
            proto::to_number(ErrorCode::kInvalidTopicException));
  EXPECT_EQ(metadata("other")->topics[0].partitions.size(), 5U);
  EXPECT_EQ(produce("other", {.partition = 4, .values = {"x"}}).error, 0);
  EXPECT_EQ(read_all(*client_, "other", 4).size(), 1U);
}

TEST_F(ProxyAdmin, NeverChangesThePartitionCountOfMappedTopics) {
  start();
  ASSERT_EQ(create_topic("events", 12), 0);
  ASSERT_EQ(create_topic("plain", 2), 0);
  std::vector<proto::CreatePartitionsRequest::CreatePartitionsTopic> topics(2);
  topics[0].name = "events";
  topics[0].count = 24;
  topics[1].name = "plain";
  topics[1].count = 4;
  for (auto& topic : topics) topic.assignments = {};  // the broker's choice
  proto::CreatePartitionsRequest request;
  request.topics = topics;
  request.timeout_ms = 1000;
  const auto answer = call(request);
  std::map<std::string, ErrorCode> codes;
  for (const auto& result : answer->results) {
    codes[std::string(result.name)] = proto::error_code(result.error_code);
  }
  EXPECT_EQ(codes["events"], ErrorCode::kInvalidPartitions);
  EXPECT_EQ(codes["plain"], ErrorCode{});
  EXPECT_EQ(metadata("plain")->topics[0].partitions.size(), 4U);
}

TEST_F(ProxyAdmin, FindsOffsetsByTimeOfTheOwnRecords) {
  start();
  ASSERT_EQ(create_topic("events", 12), 0);
  const auto at = [](int64_t n) { return 1'700'000'000'000 + n * 1000; };
  // Virtual partitions 1, 4 and 7 share physical partition 1.
  for (int64_t n = 0; n < 9; ++n) {
    const auto v = static_cast<int32_t>(1 + 3 * (n % 3));
    const NewBatch batch = {
        .partition = v, .values = {"a", "b"}, .options = {}, .timestamp_ms = at(n)};
    ASSERT_EQ(produce("events", batch).error, 0);
  }
  EXPECT_EQ(offset_for("events", 1, at(0)), 0);
  EXPECT_EQ(offset_for("events", 4, at(0)), 2);
  EXPECT_EQ(offset_for("events", 7, at(3)), 10);
  EXPECT_EQ(offset_for("events", 1, at(6)), 12);
  EXPECT_EQ(offset_for("events", 1, at(7)), -1);  // later records are of others
  EXPECT_EQ(offset_for("events", 10, at(0)), -1);  // has none
  EXPECT_EQ(offset_for("events", 1, at(100)), -1);
  EXPECT_EQ(offset_for("events", 4, -1), 18);  // the end of the physical log
  EXPECT_EQ(offset_for("events", 10, -2), 0);
}

TEST_F(ProxyAdmin, DeletesRecordsOnlyForAllVirtualPartitionsTogether) {
  start();
  ASSERT_EQ(create_topic("events", 12), 0);
  for (int n = 0; n < 10; ++n) produce("events", {.partition = 1, .values = {"x"}});
  const auto remove = [&](const std::vector<int32_t>& partitions) {
    std::vector<proto::DeleteRecordsRequest::DeleteRecordsPartition> asked(partitions.size());
    for (size_t i = 0; i < asked.size(); ++i) {
      asked[i].partition_index = partitions[i];
      asked[i].offset = 4 + static_cast<int64_t>(i);
    }
    proto::DeleteRecordsRequest::DeleteRecordsTopic topic;
    topic.name = "events";
    topic.partitions = asked;
    proto::DeleteRecordsRequest request;
    request.topics = {&topic, 1};
    request.timeout_ms = 1000;
    const auto answer = call(request);
    std::vector<std::pair<ErrorCode, int64_t>> results;
    for (const auto& partition : answer->topics[0].partitions) {
      results.emplace_back(proto::error_code(partition.error_code), partition.low_watermark);
    }
    return results;
  };
  for (const auto& [code, low] : remove({1, 4, 7})) EXPECT_EQ(code, ErrorCode::kPolicyViolation);
  EXPECT_EQ(read_all(*client_, "events", 1).size(), 10U);
  for (const auto& [code, low] : remove({1, 4, 7, 10})) {
    EXPECT_EQ(code, ErrorCode{});
    EXPECT_EQ(low, 4);  // the lowest of the offsets asked
  }
}

TEST_F(ProxyAdmin, DescribesTopicsInPages) {
  start();
  ASSERT_EQ(create_topic("a", 12), 0);
  ASSERT_EQ(create_topic("b", 12), 0);
  proto::DescribeTopicPartitionsRequest request;
  std::vector<proto::DescribeTopicPartitionsRequest::TopicRequest> topics(2);
  topics[0].name = "b";
  topics[1].name = "a";
  request.topics = topics;
  request.response_partition_limit = 5;
  std::map<std::string, int> seen;
  proto::DescribeTopicPartitionsRequest::Cursor cursor;
  std::string cursor_topic;
  for (int page = 0; page < 10; ++page) {
    const auto answer = call(request);
    for (const auto& topic : answer->topics) {
      EXPECT_EQ(topic.error_code, 0);
      seen[std::string(topic.name)] += static_cast<int>(topic.partitions.size());
    }
    if (answer->next_cursor == nullptr) break;
    cursor_topic = answer->next_cursor->topic_name;
    cursor.topic_name = cursor_topic;
    cursor.partition_index = answer->next_cursor->partition_index;
    request.cursor = &cursor;
  }
  EXPECT_EQ(seen, (std::map<std::string, int>{{"a", 12}, {"b", 12}}));
}

TEST_F(ProxyAdmin, DeletesTopicsInEveryVersion) {
  start();
  for (int16_t version = 1; version <= 6; ++version) {
    ASSERT_EQ(create_topic("events", 12), 0);
    std::string_view names[] = {"events"};
    proto::DeleteTopicsRequest::DeleteTopicState state;
    state.name = "events";
    proto::DeleteTopicsRequest request;
    if (version < 6) request.topic_names = names;
    if (version >= 6) request.topics = {&state, 1};
    request.timeout_ms = 10'000;
    const auto answer = loop_.block_on(client_->call(request, version, deadline()));
    ASSERT_TRUE(answer) << version;
    ASSERT_EQ(answer->message.responses.size(), 1U);
    EXPECT_EQ(answer->message.responses[0].error_code, 0) << version;
  }
}

TEST_F(ProxyAdmin, GivesProducersIds) {
  start();
  proto::InitProducerIdRequest request;
  request.transactional_id = {};
  const auto plain = call(request);
  EXPECT_EQ(plain->error_code, 0);
  EXPECT_GE(plain->producer_id, 0);
  request.transactional_id = "transfer";
  request.transaction_timeout_ms = 1000;
  const auto transactional = call(request);
  EXPECT_EQ(transactional->error_code, 0);
  EXPECT_NE(transactional->producer_id, plain->producer_id);
}

TEST_F(ProxyAdmin, ClosesConnectionsThatSendGarbage) {
  start();
  for (const std::string& garbage :
       {std::string(4, '\xFF'), std::string("GET / HTTP/1.1\r\n\r\n"), std::string(64, '\0'),
        std::string("\x00\x00\x00\x10\x00\x01\x00\x0B\x00\x00\x00\x01\xFF\xFF\x00\x00\x7F\xFF\xFF"
                    "\xFF",
                    20)}) {
    const io::HostPort to = *io::parse_host_port(proxies_[0]->address());
    auto stream = loop_.block_on(io::connect_tcp(loop_, to.host, to.port, deadline()));
    ASSERT_TRUE(stream);
    ASSERT_TRUE(loop_.block_on((*stream)->write(SliceChain(Slice::copy_of(garbage)))));
    std::vector<uint8_t> into(1024);
    const auto read = loop_.block_on((*stream)->read_exactly(into));
    EXPECT_FALSE(read);
  }
  EXPECT_EQ(create_topic("alive", 12), 0);
}

}  // namespace
}  // namespace odradek::proxy::testing
