// Access control, users and quotas as clients meet them.
#include <gtest/gtest.h>

#include "broker/handlers/security_for_tests.h"
#include "proto/messages/alter_client_quotas_request.h"
#include "proto/messages/alter_client_quotas_response.h"
#include "proto/messages/alter_user_scram_credentials_request.h"
#include "proto/messages/alter_user_scram_credentials_response.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proto/messages/delete_acls_request.h"
#include "proto/messages/delete_acls_response.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/describe_acls_request.h"
#include "proto/messages/describe_acls_response.h"
#include "proto/messages/describe_cluster_request.h"
#include "proto/messages/describe_cluster_response.h"
#include "proto/messages/find_coordinator_request.h"
#include "proto/messages/find_coordinator_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"

namespace odradek::broker::testing {
namespace {

using SecurityApi = SecurityTest;

TEST_F(SecurityApi, HidesTopicsFromThoseWhoMayNotDescribeThem) {
  const auto named = metadata("alice", {"t", "none"});
  EXPECT_EQ(named->topics[0].error_code, number(ErrorCode::kTopicAuthorizationFailed));
  EXPECT_EQ(named->topics[1].error_code, number(ErrorCode::kTopicAuthorizationFailed));
  EXPECT_TRUE(named->topics[0].topic_id.is_zero());
  EXPECT_EQ(call_as("alice", proto::MetadataRequest{.topics = {}})->topics.size(), 0U);
  EXPECT_EQ(call_as("admin", proto::MetadataRequest{.topics = {}})->topics.size(), 1U);
}

TEST_F(SecurityApi, AllowsWhatAnEntrySays) {
  EXPECT_EQ(add_acl("alice", kTopic, "t", kRead), number(ErrorCode::kClusterAuthorizationFailed));
  EXPECT_EQ(add_acl("admin", kTopic, "t", kRead), 0);
  const auto seen = metadata("alice", {"t"});
  EXPECT_EQ(seen->topics[0].error_code, 0);
  EXPECT_EQ(seen->topics[0].topic_authorized_operations, (1 << 3) | (1 << 8));
  FetchSpec spec;
  EXPECT_EQ(only_partition(fetch(as("alice"), spec).get()).error_code, 0);
}

TEST_F(SecurityApi, RefusesToReadAndWrite) {
  FetchSpec spec;
  spec.wait_ms = 1000;
  EXPECT_EQ(only_partition(fetch(as("alice"), spec).get()).error_code,
            number(ErrorCode::kTopicAuthorizationFailed));
  // An idempotent producer needs a topic it may write to, or the cluster's leave.
  proto::InitProducerIdRequest init;
  init.transactional_id = {};
  EXPECT_EQ(call_as("alice", init)->error_code, number(ErrorCode::kClusterAuthorizationFailed));
  add_acl("admin", kTopic, "t", kWrite);
  EXPECT_EQ(call_as("alice", init)->error_code, 0);
  init.transactional_id = "mine";
  EXPECT_EQ(call_as("alice", init)->error_code,
            number(ErrorCode::kTransactionalIdAuthorizationFailed));
}

TEST_F(SecurityApi, RefusesGroupsByKey) {
  std::string_view keys[] = {"g"};
  proto::FindCoordinatorRequest request;
  request.coordinator_keys = keys;
  EXPECT_EQ(call_as("alice", request)->coordinators[0].error_code,
            number(ErrorCode::kGroupAuthorizationFailed));
  EXPECT_EQ(call_as("admin", request)->coordinators[0].error_code, 0);
}

TEST_F(SecurityApi, CreatesTopicsByClusterOrTopic) {
  proto::CreateTopicsRequest::CreatableTopic topic;
  topic.name = "new";
  topic.num_partitions = topic.replication_factor = 1;
  proto::CreateTopicsRequest request;
  request.topics = {&topic, 1};
  EXPECT_EQ(call_as("alice", request)->topics[0].error_code,
            number(ErrorCode::kTopicAuthorizationFailed));
  add_acl("admin", kTopic, "new", kCreate);
  const auto made = call_as("alice", request);
  EXPECT_EQ(made->topics[0].error_code, 0);
  EXPECT_EQ(made->topics[0].topic_config_error_code, number(ErrorCode::kTopicAuthorizationFailed));
}

TEST_F(SecurityApi, DeletingDoesNotTellWhetherATopicExists) {
  proto::DeleteTopicsRequest::DeleteTopicState topics[2];
  topics[0].name = "t";
  topics[1].name = "none";
  proto::DeleteTopicsRequest request;
  request.topics = topics;
  const auto refused = call_as("alice", request);
  for (const auto& each : refused->responses) {
    EXPECT_EQ(each.error_code, number(ErrorCode::kTopicAuthorizationFailed)) << each.name;
  }
}

TEST_F(SecurityApi, ListsAndDeletesEntries) {
  add_acl("admin", kTopic, "t", kRead);
  add_acl("admin", kTopic, "t", kWrite);
  EXPECT_EQ(add_acl("admin", kTopic, "t", kWrite), 0);  // there already
  EXPECT_EQ(add_acl("admin", 4, "t", kWrite), number(ErrorCode::kInvalidRequest));
  proto::DescribeAclsRequest all;
  all.resource_type_filter = all.pattern_type_filter = all.operation = all.permission_type = 1;
  all.resource_name_filter = all.principal_filter = all.host_filter = {};
  const auto listed = call_as("admin", all);
  ASSERT_EQ(listed->resources.size(), 1U);
  EXPECT_EQ(listed->resources[0].acls.size(), 2U);
  EXPECT_EQ(call_as("alice", all)->error_code, number(ErrorCode::kClusterAuthorizationFailed));
  proto::DeleteAclsRequest::DeleteAclsFilter filter{1, {}, 1, {}, {}, kRead, 1, {}};
  proto::DeleteAclsRequest request;
  request.filters = {&filter, 1};
  EXPECT_EQ(call_as("admin", request)->filter_results[0].matching_acls.size(), 1U);
  EXPECT_EQ(call_as("admin", all)->resources[0].acls.size(), 1U);
}

TEST_F(SecurityApi, TakesNewScramUsersAndForgetsThemOnReset) {
  proto::AlterUserScramCredentialsRequest::ScramCredentialUpsertion user;
  user.name = "bob";
  user.mechanism = 1;
  user.iterations = 4096;
  user.salt = user.salted_password = as_bytes("x");
  proto::AlterUserScramCredentialsRequest request;
  request.upsertions = {&user, 1};
  EXPECT_EQ(call_as("admin", request)->results[0].error_code, 0);
  user.iterations = 4095;
  EXPECT_EQ(call_as("admin", request)->results[0].error_code,
            number(ErrorCode::kUnacceptableCredential));
  user.iterations = 20'000;
  EXPECT_EQ(call_as("admin", request)->results[0].error_code,
            number(ErrorCode::kUnacceptableCredential));
  user.mechanism = 3;
  EXPECT_EQ(call_as("admin", request)->results[0].error_code,
            number(ErrorCode::kUnsupportedSaslMechanism));
}

TEST_F(SecurityApi, RefusesAWrongPasswordAndAnUnknownUser) {
  for (const char* user : {"alice", "nobody"}) {
    const auto refused = try_connect(user, "wrong");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::kAuthentication) << refused.error().to_string();
  }
}

TEST_F(SecurityApi, ThrottlesProducersAboveTheirQuota) {
  proto::AlterClientQuotasRequest::EntityData entity{"user", "admin", {}};
  proto::AlterClientQuotasRequest::OpData op{"producer_byte_rate", 10, false, {}};
  proto::AlterClientQuotasRequest::EntryData entry{{&entity, 1}, {&op, 1}, {}};
  proto::AlterClientQuotasRequest request;
  request.entries = {&entry, 1};
  EXPECT_EQ(call_as("admin", request)->entries[0].error_code, 0);
  const Slice records = batch({std::string(1000, 'x')});
  proto::ProduceRequest::PartitionProduceData data;
  data.records.bytes = records.bytes();
  proto::ProduceRequest::TopicProduceData topic;
  topic.name = "t";
  topic.partition_data = {&data, 1};
  proto::ProduceRequest produce;
  produce.acks = 1;
  produce.topic_data = {&topic, 1};
  const auto answer = send(as("admin"), produce, 12).get();
  EXPECT_EQ(answer->responses[0].partition_responses[0].error_code, 0);
  EXPECT_GT(answer->throttle_time_ms, 90'000);
  // Nothing more is read for that long.
  const auto muted = send(as("admin"), produce, 12);
  pass(seconds(60));
  EXPECT_FALSE(muted.done());
  pass(seconds(600));
  EXPECT_TRUE(muted.done());
}

TEST_F(SecurityApi, AnswersFetchesAboveTheirQuotaWithNothing) {
  as("admin");
  produce("t", {std::string(1000, 'x')});
  proto::AlterClientQuotasRequest::EntityData entity{"user", "admin", {}};
  proto::AlterClientQuotasRequest::OpData op{"consumer_byte_rate", 10, false, {}};
  proto::AlterClientQuotasRequest::EntryData entry{{&entity, 1}, {&op, 1}, {}};
  proto::AlterClientQuotasRequest request;
  request.entries = {&entry, 1};
  EXPECT_EQ(call_as("admin", request)->entries[0].error_code, 0);
  const auto throttled = fetch(as("admin"), {}).get();
  EXPECT_GT(throttled->throttle_time_ms, 0);
  EXPECT_TRUE(throttled->responses.empty());
  op.value = 1e6;
  pass(seconds(300));
  EXPECT_EQ(call_as("admin", request)->entries[0].error_code, 0);
  const auto answer = fetch(as("admin"), {}).get();
  EXPECT_EQ(answer->throttle_time_ms, 0);
  EXPECT_GT(only_partition(answer).records.bytes.size(), 1000U);
}

TEST_F(SecurityApi, WithoutAnAuthorizerSaysThatThereIsNone) {
  by_user_.clear();
  restart_with({});
  proto::DescribeAclsRequest all;
  all.resource_type_filter = all.pattern_type_filter = all.operation = all.permission_type = 1;
  EXPECT_EQ(call_as("alice", all)->error_code, number(ErrorCode::kSecurityDisabled));
  EXPECT_EQ(add_acl("alice", kTopic, "t", kRead), number(ErrorCode::kSecurityDisabled));
}

}  // namespace
}  // namespace odradek::broker::testing
