#include <set>

#include "proto/error_code.h"
#include "proto/messages/consumer_group_describe_request.h"
#include "proto/messages/consumer_group_describe_response.h"
#include "proto/messages/consumer_group_heartbeat_request.h"
#include "proto/messages/consumer_group_heartbeat_response.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

using proto::ErrorCode;

constexpr std::string_view kTopic = "events";
constexpr int32_t kPartitions = 12;

// Groups of the KIP-848 protocol, in mode expand.
class ProxyConsumerGroups : public ProxyTest {
 protected:
  struct Member {
    std::string id;
    int32_t epoch = 0;
    std::set<int32_t> owned{};
  };

  void SetUp() override {
    start();
    ASSERT_EQ(create_topic(kTopic, kPartitions), 0);
  }

  // One heartbeat, which tells what is owned and takes over what is assigned.
  ErrorCode beat(Member& member) {
    std::vector<int32_t> owned(member.owned.begin(), member.owned.end());
    proto::ConsumerGroupHeartbeatRequest::TopicPartitions told;
    told.topic_id = topic_id_;
    told.partitions = owned;
    std::string_view names[] = {kTopic};
    proto::ConsumerGroupHeartbeatRequest request;
    request.group_id = "readers";
    request.member_id = member.id;
    request.member_epoch = member.epoch;
    request.rebalance_timeout_ms = 30'000;
    request.subscribed_topic_names = names;
    request.topic_partitions = {&told, owned.empty() ? 0U : 1U};
    if (owned.empty()) {
      request.topic_partitions =
          proto::empty_array<proto::ConsumerGroupHeartbeatRequest::TopicPartitions>();
    }
    const auto answer = call(request);
    if (answer->error_code != 0) return proto::error_code(answer->error_code);
    member.epoch = answer->member_epoch;
    if (!is_null(answer->member_id)) member.id = answer->member_id;
    if (answer->assignment == nullptr) return {};
    member.owned.clear();
    for (const auto& topic : answer->assignment->topic_partitions) {
      topic_id_ = topic.topic_id;
      member.owned.insert(topic.partitions.begin(), topic.partitions.end());
    }
    return {};
  }

  // Members beat in turn until what they own is dealt out, each partition once.
  void settle(std::vector<Member*> members) {
    const auto is_dealt = [&] {
      size_t count = 0;
      std::set<int32_t> all;
      for (const Member* member : members) {
        count += member->owned.size();
        all.insert(member->owned.begin(), member->owned.end());
      }
      return count == kPartitions && all.size() == kPartitions &&
             std::ranges::none_of(members, [](const Member* one) { return one->owned.empty(); });
    };
    while (!is_dealt() && loop_.now() < deadline_) {
      for (Member* member : members) EXPECT_EQ(beat(*member), ErrorCode{});
    }
    EXPECT_TRUE(is_dealt());
  }

  static Member member(std::string id) { return {.id = std::move(id)}; }

  Uuid topic_id_;
  MonotonicTime deadline_ = loop_.now() + std::chrono::seconds(20);
};

// Invariant 9.
TEST_F(ProxyConsumerGroups, DealOutEveryVirtualPartitionOnce) {
  Member first = member("aaaaaaaaaaaaaaaaaaaaaa");
  Member second = member("bbbbbbbbbbbbbbbbbbbbbb");
  settle({&first});
  settle({&first, &second});
  for (const Member* one : {&first, &second}) {
    for (const int32_t v : one->owned) EXPECT_TRUE(one->owned.contains((v + 3) % kPartitions)) << v;
  }
}

TEST_F(ProxyConsumerGroups, AreDescribedWithVirtualPartitions) {
  Member only = member("aaaaaaaaaaaaaaaaaaaaaa");
  settle({&only});
  std::string_view names[] = {"readers"};
  proto::ConsumerGroupDescribeRequest request;
  request.group_ids = names;
  const auto answer = call(request);
  ASSERT_EQ(answer->groups[0].error_code, 0);
  ASSERT_EQ(answer->groups[0].members.size(), 1U);
  const auto& assigned = answer->groups[0].members[0].assignment.topic_partitions;
  ASSERT_EQ(assigned.size(), 1U);
  EXPECT_EQ(assigned[0].partitions.size(), static_cast<size_t>(kPartitions));
}

TEST_F(ProxyConsumerGroups, RefuseCommitsOfMembersThatAreNotCurrent) {
  Member only = member("aaaaaaaaaaaaaaaaaaaaaa");
  settle({&only});
  const auto commit = [&](int32_t epoch, std::string_view id) {
    proto::OffsetCommitRequest::OffsetCommitRequestPartition partition;
    partition.partition_index = 4;  // in a shadow group alone
    partition.committed_offset = 1;
    proto::OffsetCommitRequest::OffsetCommitRequestTopic topic;
    topic.name = kTopic;
    topic.partitions = {&partition, 1};
    proto::OffsetCommitRequest request;
    request.group_id = "readers";
    request.generation_id_or_member_epoch = epoch;
    request.member_id = id;
    request.topics = {&topic, 1};
    const auto answer = call(request, 9);
    return proto::error_code(answer->topics[0].partitions[0].error_code);
  };
  EXPECT_EQ(commit(only.epoch, only.id), ErrorCode{});
  EXPECT_EQ(commit(only.epoch + 5, only.id), ErrorCode::kStaleMemberEpoch);
  EXPECT_EQ(commit(only.epoch, "stranger"), ErrorCode::kUnknownMemberId);
  EXPECT_EQ(commit(-1, ""), ErrorCode::kUnknownMemberId);
}

}  // namespace
}  // namespace odradek::proxy::testing
