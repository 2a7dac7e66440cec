#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "broker/broker_for_tests.h"
#include "proto/messages/create_partitions_request.h"
#include "proto/messages/create_partitions_response.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"
#include "proto/messages/describe_topic_partitions_request.h"
#include "proto/messages/describe_topic_partitions_response.h"
#include "proto/messages/incremental_alter_configs_request.h"
#include "proto/messages/incremental_alter_configs_response.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"

namespace odradek::broker::testing {
namespace {

using CreateRequest = proto::CreateTopicsRequest;
using MetadataRequest = proto::MetadataRequest;

class Admin : public BrokerTest {
 protected:
  rpc::Decoded<proto::CreateTopicsResponse> create(
      std::vector<CreateRequest::CreatableTopic> topics, bool only_check = false) {
    CreateRequest request;
    request.topics = topics;
    request.validate_only = only_check;
    return call(request);
  }
  static CreateRequest::CreatableTopic topic(std::string_view name, int32_t partitions = -1,
                                             int16_t replicas = -1) {
    CreateRequest::CreatableTopic made;
    made.name = name;
    made.num_partitions = partitions;
    made.replication_factor = replicas;
    return made;
  }
  int16_t code_of(const CreateRequest::CreatableTopic& wanted) {
    return create({wanted})->topics[0].error_code;
  }

  rpc::Decoded<proto::MetadataResponse> metadata(std::vector<std::string_view> names,
                                                 bool auto_create = false, int16_t version = 12) {
    std::vector<MetadataRequest::MetadataRequestTopic> topics;
    for (const std::string_view name : names) topics.push_back({{}, name, {}});
    MetadataRequest request;
    request.topics = proto::array_of(topics);
    if (version >= 4) request.allow_auto_topic_creation = auto_create;
    return call(request, version);
  }

  using Entry = proto::DescribeConfigsResponse::DescribeConfigsResourceResult;
  std::map<std::string_view, Entry> configs(int8_t type, std::string_view name) {
    proto::DescribeConfigsRequest::DescribeConfigsResource resource;
    resource.resource_type = type;
    resource.resource_name = name;
    resource.configuration_keys = {};
    proto::DescribeConfigsRequest request;
    request.resources = {&resource, 1};
    request.include_synonyms = true;
    request.include_documentation = true;
    described_ = call(request);
    std::map<std::string_view, Entry> entries;
    for (const Entry& entry : described_->results[0].configs) entries[entry.name] = entry;
    return entries;
  }

  struct Change {
    std::string_view name;
    int8_t operation = 0;
    std::string_view value;
  };
  int16_t alter(int8_t type, std::string_view name, std::vector<Change> changes,
                bool only_check = false) {
    using Request = proto::IncrementalAlterConfigsRequest;
    std::vector<Request::AlterableConfig> entries;
    for (const Change& change : changes) {
      entries.push_back({change.name, change.operation, change.value, {}});
    }
    Request::AlterConfigsResource resource;
    resource.resource_type = type;
    resource.resource_name = name;
    resource.configs = entries;
    Request request;
    request.resources = {&resource, 1};
    request.validate_only = only_check;
    return call(request)->responses[0].error_code;
  }

  static constexpr int8_t kTopic = 2;
  static constexpr int8_t kBroker = 4;
  rpc::Decoded<proto::DescribeConfigsResponse> described_;
};

TEST_F(Admin, CreatesTopicsWithDefaults) {
  const auto answer = create({topic("a"), topic("b", 3, 1)});
  EXPECT_EQ(answer->topics[0].error_code, 0);
  EXPECT_EQ(answer->topics[0].num_partitions, 1);
  EXPECT_EQ(answer->topics[0].replication_factor, 1);
  EXPECT_FALSE(answer->topics[0].topic_id.is_zero());
  EXPECT_GT(answer->topics[0].configs.size(), 30U);
  EXPECT_EQ(answer->topics[1].num_partitions, 3);
  EXPECT_EQ(metadata({"b"})->topics[0].partitions.size(), 3U);
}

TEST_F(Admin, TellsWhatIsWrongWithATopic) {
  create_topic("taken.name");
  EXPECT_EQ(code_of(topic("taken.name")), number(ErrorCode::kTopicAlreadyExists));
  EXPECT_EQ(code_of(topic("taken_name")), number(ErrorCode::kInvalidTopicException));
  EXPECT_EQ(code_of(topic("bad name!")), number(ErrorCode::kInvalidTopicException));
  EXPECT_EQ(code_of(topic("")), number(ErrorCode::kInvalidTopicException));
  EXPECT_EQ(code_of(topic("a", 0)), number(ErrorCode::kInvalidPartitions));
  EXPECT_EQ(code_of(topic("a", 1, 0)), number(ErrorCode::kInvalidReplicationFactor));
  EXPECT_EQ(code_of(topic("a", 1, 3)), number(ErrorCode::kInvalidReplicationFactor));
  EXPECT_EQ(code_of(topic("a", 1'000'000)), number(ErrorCode::kPolicyViolation));
  CreateRequest::CreatableTopicConfig config{"no.such.config", "1", {}};
  CreateRequest::CreatableTopic wanted = topic("a");
  wanted.configs = {&config, 1};
  EXPECT_EQ(code_of(wanted), number(ErrorCode::kInvalidConfig));
  config = {"retention.ms", "soon", {}};
  EXPECT_EQ(code_of(wanted), number(ErrorCode::kInvalidConfig));
  config = {"cleanup.policy", "compact,delete", {}};
  EXPECT_EQ(code_of(wanted), 0);
}

TEST_F(Admin, AssignsReplicasByHandToThisNodeOnly) {
  int32_t here[] = {1};
  int32_t elsewhere[] = {2};
  CreateRequest::CreatableReplicaAssignment assignments[] = {{0, here, {}}, {1, here, {}}};
  CreateRequest::CreatableTopic wanted = topic("a");
  wanted.assignments = assignments;
  EXPECT_EQ(create({wanted})->topics[0].num_partitions, 2);
  wanted.name = "b";
  assignments[1].partition_index = 2;
  EXPECT_EQ(code_of(wanted), number(ErrorCode::kInvalidReplicaAssignment));
  assignments[1] = {1, elsewhere, {}};
  EXPECT_EQ(code_of(wanted), number(ErrorCode::kInvalidReplicaAssignment));
}

TEST_F(Admin, CreatesNothingWhenItOnlyChecks) {
  EXPECT_EQ(create({topic("a")}, true)->topics[0].error_code, 0);
  EXPECT_EQ(metadata({"a"})->topics[0].error_code, number(ErrorCode::kUnknownTopicOrPartition));
}

TEST_F(Admin, RefusesATopicNamedTwice) {
  const auto answer = create({topic("a"), topic("b"), topic("a")});
  ASSERT_EQ(answer->topics.size(), 2U);
  EXPECT_EQ(answer->topics[0].error_code, number(ErrorCode::kInvalidRequest));
  EXPECT_EQ(answer->topics[1].error_code, 0);
}

TEST_F(Admin, CreatesATopicWhoseMetadataIsAskedFor) {
  EXPECT_EQ(metadata({"new"}, true)->topics[0].error_code,
            number(ErrorCode::kUnknownTopicOrPartition))
      << "the client asks again";
  EXPECT_EQ(metadata({"new"}, true)->topics[0].error_code, 0);
  EXPECT_EQ(metadata({"bad name"}, true)->topics[0].error_code,
            number(ErrorCode::kInvalidTopicException));
  restart_with({{"auto.create.topics.enable", "false"}});
  metadata({"new"}, true);
  EXPECT_EQ(metadata({"new"}, true)->topics[0].error_code,
            number(ErrorCode::kUnknownTopicOrPartition));
}

TEST_F(Admin, ListsAllTopicsForNullAndNoneForEmpty) {
  create_topic("a");
  create_topic("b");
  EXPECT_EQ(call(MetadataRequest{.topics = {}}, 12)->topics.size(), 2U);
  EXPECT_EQ(metadata({})->topics.size(), 0U);
  EXPECT_EQ(metadata({}, false, 0)->topics.size(), 2U) << "v0 has no null";
}

TEST_F(Admin, FindsTopicsByTheirIds) {
  create_topic("a");
  const Uuid id = metadata({"a"})->topics[0].topic_id;
  MetadataRequest::MetadataRequestTopic asked[2];
  asked[0] = {id, {}, {}};
  asked[1] = {Uuid::random(), {}, {}};
  MetadataRequest request;
  request.topics = asked;
  const auto answer = call(request, 12);
  ASSERT_EQ(answer->topics.size(), 2U);
  EXPECT_EQ(answer->topics[0].name, "a");
  EXPECT_EQ(answer->topics[1].error_code, number(ErrorCode::kUnknownTopicId));

  asked[1] = {id, "", {}};  // as Java's client asks
  const auto once = call(request, 12);
  ASSERT_EQ(once->topics.size(), 1U) << "the same topic";
  EXPECT_EQ(once->topics[0].name, "a");
}

TEST_F(Admin, GivesARecreatedTopicANewId) {
  create_topic("a");
  const Uuid id = metadata({"a"})->topics[0].topic_id;
  proto::DeleteTopicsRequest::DeleteTopicState state{{}, id, {}};
  proto::DeleteTopicsRequest request;
  request.topics = {&state, 1};
  const auto answer = call(request, 6);
  EXPECT_EQ(answer->responses[0].error_code, 0);
  EXPECT_EQ(answer->responses[0].name, "a");
  EXPECT_EQ(call(request, 6)->responses[0].error_code, number(ErrorCode::kUnknownTopicId));
  create_topic("a");
  EXPECT_NE(metadata({"a"})->topics[0].topic_id, id);
}

TEST_F(Admin, AddsPartitionsButTakesNoneAway) {
  create_topic("a", 2);
  proto::CreatePartitionsRequest::CreatePartitionsTopic wanted;
  wanted.name = "a";
  wanted.assignments = {};
  proto::CreatePartitionsRequest request;
  request.topics = {&wanted, 1};
  const auto code = [&](int32_t count) {
    wanted.count = count;
    const auto answer = call(request);
    return answer->results[0].error_code;
  };
  EXPECT_EQ(code(2), number(ErrorCode::kInvalidPartitions));
  EXPECT_EQ(code(1), number(ErrorCode::kInvalidPartitions));
  EXPECT_EQ(code(5), 0);
  EXPECT_EQ(metadata({"a"})->topics[0].partitions.size(), 5U);
}

TEST_F(Admin, TakesAnyReplicationFactorWhenToldTo) {
  options_.accept_any_replication_factor = true;
  restart_with({});
  const auto made = create({topic("a", 1, 3)});
  EXPECT_EQ(made->topics[0].error_code, 0);
  EXPECT_EQ(made->topics[0].replication_factor, 1) << "there is one, and that is told";
}

TEST_F(Admin, DescribesEveryTopicConfigWithItsSource) {
  create_topic("a", 1, {{"retention.ms", "1000"}});
  const auto entries = configs(kTopic, "a");
  EXPECT_EQ(entries.size(), 33U);
  EXPECT_EQ(entries.at("retention.ms").value, "1000");
  EXPECT_EQ(entries.at("retention.ms").config_source, 1);
  EXPECT_EQ(entries.at("cleanup.policy").value, "delete");
  EXPECT_EQ(entries.at("cleanup.policy").config_source, 5);
  EXPECT_EQ(entries.at("cleanup.policy").config_type, 7);
  EXPECT_EQ(entries.at("cleanup.policy").synonyms[0].name, "log.cleanup.policy");
  EXPECT_FALSE(entries.at("cleanup.policy").documentation.empty());
  EXPECT_TRUE(configs(kTopic, "none").empty());
  EXPECT_EQ(described_->results[0].error_code, number(ErrorCode::kUnknownTopicOrPartition));
}

TEST_F(Admin, DescribesTheBrokerAtAllLevels) {
  restart_with({{"log.retention.hours", "1"}, {"message.max.bytes", "5000"}});
  create_topic("a");
  EXPECT_EQ(configs(kTopic, "a").at("retention.ms").value, "3600000");
  EXPECT_EQ(configs(kTopic, "a").at("max.message.bytes").config_source, 4);
  EXPECT_EQ(alter(kBroker, "", {{"message.max.bytes", 0, "6000"}}), 0);
  EXPECT_EQ(configs(kTopic, "a").at("max.message.bytes").value, "6000");
  const auto entries = configs(kBroker, "1");
  EXPECT_EQ(entries.at("message.max.bytes").config_source, 3);
  EXPECT_EQ(entries.at("message.max.bytes").synonyms.size(), 3U);
  EXPECT_TRUE(entries.at("num.partitions").read_only);
  EXPECT_EQ(entries.at("log.retention.hours").synonyms.size(), 2U);
  EXPECT_EQ(configs(kBroker, "").size(), 1U) << "only what was set for all";
  EXPECT_EQ(alter(kBroker, "1", {{"log.retention.ms", 0, "1000"}}), 0);
  const auto altered = configs(kBroker, "1");
  const auto& ms = altered.at("log.retention.ms");
  ASSERT_EQ(ms.synonyms.size(), 3U) << "its own, then those in hours";
  EXPECT_EQ(ms.synonyms[2].name, "log.retention.hours");
  EXPECT_TRUE(configs(kBroker, "2").empty());
  EXPECT_EQ(described_->results[0].error_code, number(ErrorCode::kInvalidRequest));
}

TEST_F(Admin, ChangesSingleConfigs) {
  create_topic("a");
  EXPECT_EQ(alter(kTopic, "a", {{"retention.ms", 0, "5"}, {"cleanup.policy", 2, "compact"}}), 0);
  EXPECT_EQ(configs(kTopic, "a").at("retention.ms").value, "5");
  EXPECT_EQ(configs(kTopic, "a").at("cleanup.policy").value, "delete,compact");
  EXPECT_EQ(alter(kTopic, "a", {{"retention.ms", 1, {}}, {"cleanup.policy", 3, "delete"}}), 0);
  EXPECT_EQ(configs(kTopic, "a").at("retention.ms").config_source, 5);
  EXPECT_EQ(configs(kTopic, "a").at("cleanup.policy").value, "compact");
  EXPECT_EQ(produce("a", 0,
                    [] {
                      wire::BatchBuilder builder{wire::BatchOptions{}};
                      EXPECT_TRUE(builder.append({}));
                      wire::Compressor compressor;
                      return *builder.finish(compressor);
                    }())
                .error_code,
            number(ErrorCode::kInvalidRecord))
      << "compacted topics want keys";
}

TEST_F(Admin, RefusesToChangeWhatIsFixedAtStart) {
  EXPECT_EQ(alter(kBroker, "1", {{"broker.rack", 0, "x"}}), number(ErrorCode::kInvalidRequest));
  EXPECT_EQ(alter(kBroker, "1", {{"broker.rack", 1, {}}}), 0) << "nothing was set";
  EXPECT_EQ(alter(kBroker, "1", {{"of.a.plugin", 0, "x"}}), 0) << "as Kafka, for its plug-ins";
}

TEST_F(Admin, ChangesNothingWhenOneConfigIsWrong) {
  create_topic("a");
  EXPECT_EQ(alter(kTopic, "a", {{"retention.ms", 0, "5"}, {"nonsense", 0, "1"}}),
            number(ErrorCode::kInvalidConfig));
  EXPECT_EQ(alter(kTopic, "a", {{"retention.ms", 2, "5"}}), number(ErrorCode::kInvalidConfig));
  EXPECT_EQ(alter(kTopic, "a", {{"retention.ms", 0, "-7"}}), number(ErrorCode::kInvalidConfig));
  EXPECT_EQ(alter(kTopic, "a", {{"retention.ms", 0, "5"}, {"retention.ms", 0, "6"}}),
            number(ErrorCode::kInvalidRequest));
  EXPECT_EQ(alter(kTopic, "a", {{"retention.ms", 0, "5"}}, true), 0);
  EXPECT_EQ(alter(kTopic, "none", {{"retention.ms", 0, "5"}}),
            number(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(configs(kTopic, "a").at("retention.ms").config_source, 5);
}

TEST_F(Admin, DeletesRecordsUpToAnOffset) {
  create_topic("a");
  produce("a", {"1", "2", "3"});
  proto::DeleteRecordsRequest::DeleteRecordsPartition partition;
  proto::DeleteRecordsRequest::DeleteRecordsTopic topic;
  topic.name = "a";
  topic.partitions = {&partition, 1};
  proto::DeleteRecordsRequest request;
  request.topics = {&topic, 1};
  const auto remove = [&](int64_t offset) {
    partition.offset = offset;
    const auto answer = call(request);
    return std::pair(answer->topics[0].partitions[0].error_code,
                     answer->topics[0].partitions[0].low_watermark);
  };
  EXPECT_EQ(remove(2), (std::pair<int16_t, int64_t>(0, 2)));
  EXPECT_EQ(remove(1), (std::pair<int16_t, int64_t>(0, 2)));
  EXPECT_EQ(remove(9).first, number(ErrorCode::kOffsetOutOfRange));
  EXPECT_EQ(only_partition(fetch({.topic = "a", .offset = 1})).error_code,
            number(ErrorCode::kOffsetOutOfRange));
  EXPECT_EQ(remove(-1), (std::pair<int16_t, int64_t>(0, 3)));
}

TEST_F(Admin, FindsOffsetsByTime) {
  create_topic("a");
  produce("a", {"1", "2"});
  const int64_t first = clock_.wall_ms();
  clock_.advance(seconds(10));
  produce("a", {"3"});
  proto::ListOffsetsRequest::ListOffsetsPartition partition;
  proto::ListOffsetsRequest::ListOffsetsTopic topic;
  topic.name = "a";
  topic.partitions = {&partition, 1};
  proto::ListOffsetsRequest request;
  request.topics = {&topic, 1};
  const auto find = [&](int64_t timestamp, int16_t version = 11) {
    partition.timestamp = timestamp;
    const auto answer = call(request, version);
    return answer->topics[0].partitions[0];
  };
  EXPECT_EQ(find(-1).offset, 3);
  EXPECT_EQ(find(-2).offset, 0);
  EXPECT_EQ(find(-3).offset, 2);
  EXPECT_EQ(find(-3).timestamp, first + 10'000);
  EXPECT_EQ(find(-4).offset, 0);
  EXPECT_EQ(find(-5).offset, -1);
  EXPECT_EQ(find(first).offset, 0);
  EXPECT_EQ(find(first + 1).offset, 2);
  EXPECT_EQ(find(first + 1).leader_epoch, 0);
  EXPECT_EQ(find(first + 20'000).offset, -1);
  EXPECT_EQ(find(first + 20'000).error_code, 0);
  EXPECT_EQ(find(-3, 6).error_code, number(ErrorCode::kUnsupportedVersion));
}

TEST_F(Admin, DescribesPartitionsPageByPage) {
  create_topic("a", 3);
  create_topic("b", 3);
  using Request = proto::DescribeTopicPartitionsRequest;
  Request request;
  request.response_partition_limit = 4;
  const auto first = call(request);
  ASSERT_EQ(first->topics.size(), 2U);
  EXPECT_EQ(first->topics[0].partitions.size(), 3U);
  EXPECT_EQ(first->topics[1].partitions.size(), 1U);
  ASSERT_NE(first->next_cursor, nullptr);
  Request::Cursor cursor{first->next_cursor->topic_name, first->next_cursor->partition_index, {}};
  EXPECT_EQ(cursor.topic_name, "b");
  EXPECT_EQ(cursor.partition_index, 1);
  request.cursor = &cursor;
  const auto second = call(request);
  ASSERT_EQ(second->topics.size(), 1U);
  EXPECT_EQ(second->topics[0].partitions.size(), 2U);
  EXPECT_EQ(second->topics[0].partitions[0].partition_index, 1);
  EXPECT_EQ(second->next_cursor, nullptr);
}

TEST_F(Admin, ForgetsRecordsPastTheirRetention) {
  create_topic("a", 1, {{"retention.ms", "60000"}});
  produce("a", {"1"});
  pass(seconds(30));
  EXPECT_EQ(only_partition(fetch({.topic = "a"})).log_start_offset, 0);
  pass(seconds(31));
  EXPECT_EQ(only_partition(fetch({.topic = "a", .offset = 1})).log_start_offset, 1);
}

}  // namespace
}  // namespace odradek::broker::testing
