// Access control of consumer groups (KIP-848).
#include <gtest/gtest.h>

#include "broker/handlers/security_for_tests.h"
#include "proto/messages/consumer_group_describe_request.h"
#include "proto/messages/consumer_group_describe_response.h"
#include "proto/messages/consumer_group_heartbeat_request.h"
#include "proto/messages/consumer_group_heartbeat_response.h"

namespace odradek::broker::testing {
namespace {

class ConsumerGroupSecurity : public SecurityTest {
 protected:
  void SetUp() override {
    SecurityTest::SetUp();
    create_topic("t-hidden");
  }

  auto join(const std::string& user, std::vector<std::string_view> topics,
            std::string_view regex = {}) {
    proto::ConsumerGroupHeartbeatRequest request;
    request.group_id = "g";
    request.member_id = user;
    request.rebalance_timeout_ms = 1'000;
    request.instance_id = request.rack_id = request.server_assignor = {};
    request.subscribed_topic_names = proto::array_of(topics);
    request.subscribed_topic_regex = regex;
    request.topic_partitions =
        proto::empty_array<proto::ConsumerGroupHeartbeatRequest::TopicPartitions>();
    return call_as(user, request);
  }
  auto describe(const std::string& user) {
    static std::string_view groups[] = {"g"};
    proto::ConsumerGroupDescribeRequest request;
    request.group_ids = groups;
    request.include_authorized_operations = true;
    return call_as(user, request);
  }
};

TEST_F(ConsumerGroupSecurity, AsksForGroupAndTopics) {
  EXPECT_EQ(join("alice", {"t"})->error_code, number(ErrorCode::kGroupAuthorizationFailed));
  add_acl("admin", kGroup, "g", kRead);
  EXPECT_EQ(join("alice", {"t"})->error_code, number(ErrorCode::kTopicAuthorizationFailed));
  add_acl("admin", kTopic, "t", kRead);
  EXPECT_EQ(join("alice", {"t"})->error_code, 0);
  EXPECT_EQ(join("alice", {"t", "none"})->error_code, number(ErrorCode::kTopicAuthorizationFailed));
}

TEST_F(ConsumerGroupSecurity, AssignsOnlyTopicsOfAnExpressionThatTheClientMayKnow) {
  add_acl("admin", kGroup, "g", kRead);
  add_acl("admin", kTopic, "t", kRead);
  const auto joined = join("alice", {}, "t.*");
  EXPECT_EQ(joined->error_code, 0);
  ASSERT_NE(joined->assignment, nullptr);
  EXPECT_EQ(joined->assignment->topic_partitions.size(), 1U);
}

TEST_F(ConsumerGroupSecurity, DescribesOnlyWithTheTopics) {
  EXPECT_EQ(join("admin", {"t", "t-hidden"})->error_code, 0);
  EXPECT_EQ(describe("alice")->groups[0].error_code, number(ErrorCode::kGroupAuthorizationFailed));
  add_acl("admin", kGroup, "g", kRead);
  add_acl("admin", kTopic, "t", kRead);
  const auto refused = describe("alice");
  EXPECT_EQ(refused->groups[0].error_code, number(ErrorCode::kTopicAuthorizationFailed));
  EXPECT_TRUE(refused->groups[0].members.empty());
  add_acl("admin", kTopic, "t-hidden", kRead);
  const auto told = describe("alice");
  EXPECT_EQ(told->groups[0].error_code, 0);
  EXPECT_EQ(told->groups[0].members.size(), 1U);
  EXPECT_EQ(told->groups[0].authorized_operations, (1 << 3) | (1 << 8));
}

}  // namespace
}  // namespace odradek::broker::testing
