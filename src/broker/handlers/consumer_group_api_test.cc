#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "broker/broker_for_tests.h"
#include "broker/node.h"
#include "proto/messages/consumer_group_describe_request.h"
#include "proto/messages/consumer_group_describe_response.h"
#include "proto/messages/consumer_group_heartbeat_request.h"
#include "proto/messages/consumer_group_heartbeat_response.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"
#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"
#include "proto/messages/incremental_alter_configs_request.h"
#include "proto/messages/incremental_alter_configs_response.h"
#include "proto/messages/list_config_resources_request.h"
#include "proto/messages/list_config_resources_response.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"

namespace odradek::broker::testing {
namespace {

class ConsumerGroupApi : public BrokerTest {
 protected:
  using Heartbeat = proto::ConsumerGroupHeartbeatRequest;

  void SetUp() override {
    BrokerTest::SetUp();
    create_topic("t", 3);
  }

  Heartbeat joining() {
    Heartbeat request;
    request.group_id = "g";
    request.member_id = "me";
    request.instance_id = {};
    request.rack_id = {};
    request.server_assignor = {};
    request.subscribed_topic_regex = {};
    request.rebalance_timeout_ms = 10'000;
    request.subscribed_topic_names = topics_;
    request.topic_partitions = proto::empty_array<Heartbeat::TopicPartitions>();
    return request;
  }
  int16_t error_of(const Heartbeat& request, int16_t version = 1) {
    return call(request, version)->error_code;
  }
  int16_t alter_group(std::string_view name, std::string_view value) {
    using Request = proto::IncrementalAlterConfigsRequest;
    Request::AlterableConfig config;
    config.name = name;
    config.value = value;
    Request::AlterConfigsResource resource;
    resource.resource_type = 32;
    resource.resource_name = "g";
    resource.configs = {&config, 1};
    Request request;
    request.resources = {&resource, 1};
    return call(request)->responses[0].error_code;
  }

  std::string_view topics_[1] = {"t"};
};

TEST_F(ConsumerGroupApi, JoinsDescribesAndLists) {
  const auto joined = call(joining(), 1);
  EXPECT_EQ(joined->error_code, 0);
  EXPECT_EQ(joined->member_id, "me");
  EXPECT_EQ(joined->member_epoch, 2);
  EXPECT_EQ(joined->heartbeat_interval_ms, 5'000);
  ASSERT_NE(joined->assignment, nullptr);
  EXPECT_EQ(joined->assignment->topic_partitions[0].partitions.size(), 3U);

  proto::ConsumerGroupDescribeRequest describe;
  std::string_view groups[] = {"g", "none"};
  describe.group_ids = groups;
  const auto described = call(describe, 1);
  EXPECT_EQ(described->groups[0].group_state, "Stable");
  EXPECT_EQ(described->groups[0].assignor_name, "uniform");
  ASSERT_EQ(described->groups[0].members.size(), 1U);
  EXPECT_EQ(described->groups[0].members[0].member_type, 1);
  EXPECT_EQ(described->groups[0].members[0].assignment.topic_partitions[0].topic_name, "t");
  EXPECT_EQ(described->groups[1].error_code, number(ErrorCode::kGroupIdNotFound));

  const auto listed = call(proto::ListGroupsRequest{}, 5);
  ASSERT_EQ(listed->groups.size(), 1U);
  EXPECT_EQ(listed->groups[0].group_type, "consumer");
  EXPECT_EQ(listed->groups[0].protocol_type, "consumer");

  proto::DescribeGroupsRequest classic;
  classic.groups = {groups, 1};
  EXPECT_EQ(call(classic, 6)->groups[0].error_code, number(ErrorCode::kGroupIdNotFound));
}

TEST_F(ConsumerGroupApi, ChecksWhatItIsSent) {
  const int16_t invalid = number(ErrorCode::kInvalidRequest);
  Heartbeat request = joining();
  request.group_id = "";
  EXPECT_EQ(error_of(request), invalid);
  request = joining();
  request.member_id = "";
  EXPECT_EQ(error_of(request, 1), invalid);
  EXPECT_EQ(error_of(request, 0), 0);
  request = joining();
  request.rebalance_timeout_ms = -1;
  EXPECT_EQ(error_of(request), invalid);
  request = joining();
  request.topic_partitions = {};
  EXPECT_EQ(error_of(request), invalid);
  request = joining();
  request.subscribed_topic_names = {};
  EXPECT_EQ(error_of(request), invalid);
  request = joining();
  request.instance_id = "";
  EXPECT_EQ(error_of(request), invalid);
  request = joining();
  request.member_epoch = -3;
  EXPECT_EQ(error_of(request), invalid);
  request = joining();
  request.member_epoch = -2;
  EXPECT_EQ(error_of(request), invalid);
  request = joining();
  request.server_assignor = "cooperative";
  EXPECT_EQ(error_of(request), number(ErrorCode::kUnsupportedAssignor));
  request = joining();
  request.subscribed_topic_regex = "(";
  EXPECT_EQ(error_of(request), number(ErrorCode::kInvalidRegularExpression));
  request = joining();
  request.member_epoch = 3;
  EXPECT_EQ(error_of(request), number(ErrorCode::kUnknownMemberId));
}

TEST_F(ConsumerGroupApi, FollowsTheConfigurationOfTheGroup) {
  EXPECT_EQ(alter_group("consumer.heartbeat.interval.ms", "7000"), 0);
  EXPECT_EQ(call(joining(), 1)->heartbeat_interval_ms, 7'000);
  const int16_t invalid = number(ErrorCode::kInvalidConfig);
  EXPECT_EQ(alter_group("consumer.heartbeat.interval.ms", "1"), invalid);
  EXPECT_EQ(alter_group("consumer.session.timeout.ms", "99000"), invalid);
  EXPECT_EQ(alter_group("consumer.unknown", "1"), invalid);

  proto::DescribeConfigsRequest::DescribeConfigsResource resource{32, "g", {}, {}};
  proto::DescribeConfigsRequest request;
  request.resources = {&resource, 1};
  request.include_synonyms = true;
  const auto described = call(request);
  const auto& configs = described->results[0].configs;
  ASSERT_EQ(configs.size(), 3U);
  EXPECT_EQ(configs[1].name, "consumer.heartbeat.interval.ms");
  EXPECT_EQ(configs[1].value, "7000");
  EXPECT_EQ(configs[1].config_source, 8);
  EXPECT_EQ(configs[1].synonyms.size(), 2U);
  EXPECT_EQ(configs[2].config_source, 5);

  int8_t types[] = {32};
  proto::ListConfigResourcesRequest list;
  list.resource_types = types;
  const auto listed = call(list, 1);
  ASSERT_EQ(listed->config_resources.size(), 1U);
  EXPECT_EQ(listed->config_resources[0].resource_name, "g");
}

TEST_F(ConsumerGroupApi, RemovesSilentMembersInTime) {
  call(joining(), 1);
  pass(seconds(45));
  proto::ConsumerGroupDescribeRequest describe;
  std::string_view groups[] = {"g"};
  describe.group_ids = groups;
  EXPECT_EQ(call(describe, 1)->groups[0].group_state, "Empty");
}

class ConsumerGroupOnDisk : public ConsumerGroupApi {
 protected:
  ConsumerGroupOnDisk() {
    std::string path = (std::filesystem::temp_directory_path() / "odradek-groups-XXXXXX").string();
    directory_ = mkdtemp(path.data());
    options_.data_directory = (directory_ / "data").string();
  }
  ~ConsumerGroupOnDisk() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
};

TEST_F(ConsumerGroupOnDisk, GoesOnAfterARestart) {
  EXPECT_EQ(alter_group("consumer.heartbeat.interval.ms", "7000"), 0);
  const int32_t epoch = call(joining(), 1)->member_epoch;
  restart_with({});
  Heartbeat later;
  later.group_id = "g";
  later.member_id = "me";
  later.member_epoch = epoch;
  later.instance_id = later.rack_id = later.server_assignor = later.subscribed_topic_regex = {};
  later.subscribed_topic_names = {};
  later.topic_partitions = {};
  const auto answer = call(later, 1);
  EXPECT_EQ(answer->error_code, 0);
  EXPECT_EQ(answer->member_epoch, epoch);
  EXPECT_EQ(answer->heartbeat_interval_ms, 7'000);
  EXPECT_EQ(answer->assignment, nullptr);
}

}  // namespace
}  // namespace odradek::broker::testing
