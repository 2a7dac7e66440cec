#include <set>

#include "proto/api_table.h"
#include "proto/messages/add_offsets_to_txn_request.h"
#include "proto/messages/add_offsets_to_txn_response.h"
#include "proto/messages/add_partitions_to_txn_request.h"
#include "proto/messages/add_partitions_to_txn_response.h"
#include "proto/messages/consumer_group_describe_request.h"
#include "proto/messages/consumer_group_describe_response.h"
#include "proto/messages/consumer_group_heartbeat_request.h"
#include "proto/messages/consumer_group_heartbeat_response.h"
#include "proto/messages/create_partitions_request.h"
#include "proto/messages/create_partitions_response.h"
#include "proto/messages/delete_groups_request.h"
#include "proto/messages/delete_groups_response.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"
#include "proto/messages/describe_cluster_request.h"
#include "proto/messages/describe_cluster_response.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"
#include "proto/messages/describe_groups_request.h"
#include "proto/messages/describe_groups_response.h"
#include "proto/messages/describe_producers_request.h"
#include "proto/messages/describe_producers_response.h"
#include "proto/messages/describe_topic_partitions_request.h"
#include "proto/messages/describe_topic_partitions_response.h"
#include "proto/messages/describe_transactions_request.h"
#include "proto/messages/describe_transactions_response.h"
#include "proto/messages/end_txn_request.h"
#include "proto/messages/end_txn_response.h"
#include "proto/messages/find_coordinator_request.h"
#include "proto/messages/find_coordinator_response.h"
#include "proto/messages/heartbeat_request.h"
#include "proto/messages/heartbeat_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proto/messages/join_group_request.h"
#include "proto/messages/join_group_response.h"
#include "proto/messages/leave_group_request.h"
#include "proto/messages/leave_group_response.h"
#include "proto/messages/list_groups_request.h"
#include "proto/messages/list_groups_response.h"
#include "proto/messages/list_offsets_request.h"
#include "proto/messages/list_offsets_response.h"
#include "proto/messages/list_transactions_request.h"
#include "proto/messages/list_transactions_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"
#include "proto/messages/offset_delete_request.h"
#include "proto/messages/offset_delete_response.h"
#include "proto/messages/offset_fetch_request.h"
#include "proto/messages/offset_fetch_response.h"
#include "proto/messages/offset_for_leader_epoch_request.h"
#include "proto/messages/offset_for_leader_epoch_response.h"
#include "proto/messages/sync_group_request.h"
#include "proto/messages/sync_group_response.h"
#include "proto/messages/txn_offset_commit_request.h"
#include "proto/messages/txn_offset_commit_response.h"
#include "proxy_fixture.h"

namespace odradek::proxy::testing {
namespace {

using proto::ApiKey;

constexpr std::string_view kTopic = "events";

// Every API in every version that is offered is answered in that version.
class ProxyVersions : public ProxyTest {
 protected:
  void SetUp() override {
    start();
    ASSERT_EQ(create_topic(kTopic, 12), 0);
    for (const rpc::ApiRange& range : client_->peer_apis()) unasked_.insert(range.key);
    for (const ApiKey key : {ApiKey::kApiVersions, ApiKey::kSaslHandshake}) unasked_.erase(key);
    unasked_.erase(ApiKey::kSaslAuthenticate);
  }

  // `fill(request, version)` makes it a question that is answered at once.
  template <class Req, class Fill>
  void ask(Fill fill) {
    unasked_.erase(Req::kApiKey);
    const Result<int16_t> last = client_->version_for(Req::kApiKey);
    ASSERT_TRUE(last) << Req::kName;
    for (const rpc::ApiRange& range : client_->peer_apis()) {
      if (range.key != Req::kApiKey) continue;
      for (int16_t version = range.min_version; version <= range.max_version; ++version) {
        Req request;
        fill(request, version);
        const auto answer = loop_.block_on(client_->call(request, version, deadline()));
        EXPECT_TRUE(answer) << Req::kName << " v" << version << ": " << answer.error().to_string();
        if (!answer) client_ = connect(*proxies_[0]);
      }
    }
  }
  template <class Req>
  void ask() {
    ask<Req>([](Req& /*request*/, int16_t /*version*/) {});
  }
  template <class Req>
  void ask_as_member() {
    ask<Req>([](Req& request, int16_t /*version*/) {
      request.group_id = "readers";
      request.member_id = "nobody";
    });
  }
  template <class Req>
  void ask_as_producer() {
    ask<Req>([](Req& request, int16_t /*version*/) {
      request.transactional_id = "transfer";
      request.producer_id = 1;
    });
  }

  std::set<ApiKey> unasked_;
};

TEST_F(ProxyVersions, AreAnsweredAsOffered) {
  ask<proto::ProduceRequest>([](auto& request, int16_t) {
    request.acks = 1;
    request.transactional_id = {};
  });
  ask<proto::FetchRequest>();
  ask<proto::ListOffsetsRequest>();
  ask<proto::MetadataRequest>();
  ask_as_member<proto::OffsetCommitRequest>();
  ask<proto::OffsetFetchRequest>();
  ask<proto::FindCoordinatorRequest>();
  ask_as_member<proto::JoinGroupRequest>();
  ask_as_member<proto::HeartbeatRequest>();
  ask<proto::LeaveGroupRequest>([](auto& request, int16_t) { request.group_id = "readers"; });
  ask_as_member<proto::SyncGroupRequest>();
  ask<proto::DescribeGroupsRequest>();
  ask<proto::ListGroupsRequest>();
  ask<proto::CreateTopicsRequest>();
  ask<proto::DeleteTopicsRequest>();
  ask<proto::DeleteRecordsRequest>();
  ask<proto::InitProducerIdRequest>();
  ask<proto::OffsetForLeaderEpochRequest>();
  ask<proto::AddPartitionsToTxnRequest>(
      [](auto& request, int16_t) { request.v3_and_below_transactional_id = "transfer"; });
  ask_as_producer<proto::AddOffsetsToTxnRequest>();
  ask_as_producer<proto::EndTxnRequest>();
  ask_as_producer<proto::TxnOffsetCommitRequest>();
  ask<proto::DescribeConfigsRequest>();
  ask<proto::CreatePartitionsRequest>();
  ask<proto::DeleteGroupsRequest>();
  ask<proto::OffsetDeleteRequest>([](auto& request, int16_t) { request.group_id = "readers"; });
  ask<proto::DescribeClusterRequest>();
  ask<proto::DescribeProducersRequest>();
  ask<proto::DescribeTransactionsRequest>();
  ask<proto::ListTransactionsRequest>();
  ask_as_member<proto::ConsumerGroupHeartbeatRequest>();
  ask<proto::ConsumerGroupDescribeRequest>();
  ask<proto::DescribeTopicPartitionsRequest>();
  for (const ApiKey key : unasked_) ADD_FAILURE() << proto::api_name(key) << " was not asked";
}

// Nothing else is served: an unknown API closes the connection.
TEST_F(ProxyVersions, LeaveOutWhatIsNotServed) {
  for (int16_t key = 0; key < 120; ++key) {
    const bool is_served = client_->version_for(ApiKey{key}).has_value();
    if (is_served) continue;
    const Connection other = connect(*proxies_[0]);
    const auto answer =
        loop_.block_on(other->call_raw(ApiKey{key}, 0, SliceChain(Slice::copy_of("")), deadline()));
    EXPECT_FALSE(answer) << key;
  }
}

}  // namespace
}  // namespace odradek::proxy::testing
