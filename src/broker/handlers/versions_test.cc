#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "broker/handlers/versions_for_tests.h"

namespace odradek::broker::testing {

void Versions::try_data() {
  const Slice records = batch({"x"});
  const Uuid id = call(proto::MetadataRequest{.topics = {}}, 12)->topics[0].topic_id;
  try_all<proto::ProduceRequest>(kProduceApi, [&](auto& request, int16_t version) {
    static proto::ProduceRequest::PartitionProduceData data;
    static proto::ProduceRequest::TopicProduceData topic;
    data.records.bytes = records.bytes();
    topic.partition_data = {&data, 1};
    if (version < 13) topic.name = "t";
    if (version >= 13) topic = {"", id, {&data, 1}, {}};
    request.acks = 1;
    request.topic_data = {&topic, 1};
  });
  try_all<proto::FetchRequest>(kFetchApi, [&](auto& request, int16_t version) {
    static proto::FetchRequest::FetchPartition partition;
    static proto::FetchRequest::FetchTopic topic;
    partition.partition_max_bytes = 1000;
    topic = {version < 13 ? "t" : "", version < 13 ? Uuid{} : id, {&partition, 1}, {}};
    request.topics = {&topic, 1};
    request.isolation_level = version % 2 == 0 ? 1 : 0;
    request.forgotten_topics_data = proto::empty_array<proto::FetchRequest::ForgottenTopic>();
    request.rack_id = "";
    request.session_epoch = version < 7 ? -1 : 0;
  });
  try_all<proto::ListOffsetsRequest>(kListOffsetsApi, [](auto& request, int16_t) {
    static proto::ListOffsetsRequest::ListOffsetsPartition partitions[2];
    static proto::ListOffsetsRequest::ListOffsetsTopic topic;
    partitions[0].timestamp = -1;
    partitions[1] = {1, -1, 0, {}};
    topic = {"t", partitions, {}};
    request.topics = {&topic, 1};
  });
  try_all<proto::MetadataRequest>(kMetadataApi, [](auto& request, int16_t version) {
    static proto::MetadataRequest::MetadataRequestTopic topics[2];
    topics[0].name = "t";
    topics[1].name = "none";
    request.topics = topics;
    request.allow_auto_topic_creation = version < 4;
    request.include_topic_authorized_operations = version >= 8;
    request.include_cluster_authorized_operations = version >= 8 && version <= 10;
  });
  try_all<proto::OffsetForLeaderEpochRequest>(kOffsetForLeaderEpochApi, [](auto& request, int16_t) {
    static proto::OffsetForLeaderEpochRequest::OffsetForLeaderPartition partition;
    static proto::OffsetForLeaderEpochRequest::OffsetForLeaderTopic topic;
    topic = {"t", {&partition, 1}, {}};
    request.topics = {&topic, 1};
  });
  try_all<proto::InitProducerIdRequest>(
      kInitProducerIdApi, [](auto& request, int16_t) { request.transactional_id = {}; });
  try_all<proto::DescribeProducersRequest>(kDescribeProducersApi, [](auto& request, int16_t) {
    static int32_t partitions[] = {0, 1, 2};
    static proto::DescribeProducersRequest::TopicRequest topic;
    topic = {"t", partitions, {}};
    request.topics = {&topic, 1};
  });
}

void Versions::try_transactions() {
  try_all<proto::AddPartitionsToTxnRequest>(
      kAddPartitionsToTxnApi, [](auto& request, int16_t version) {
        static int32_t partitions[] = {0, 1};
        static proto::AddPartitionsToTxnRequest::AddPartitionsToTxnTopic topic;
        static proto::AddPartitionsToTxnRequest::AddPartitionsToTxnTransaction txn;
        topic = {"t", partitions, {}};
        txn.transactional_id = "x";
        txn.verify_only = version == 5;
        txn.topics = {&topic, 1};
        if (version >= 4) {
          request.transactions = {&txn, 1};
          return;
        }
        request.v3_and_below_transactional_id = "x";
        request.v3_and_below_topics = {&topic, 1};
      });
  try_empty<proto::AddOffsetsToTxnRequest>(kAddOffsetsToTxnApi);
  try_all<proto::EndTxnRequest>(kEndTxnApi,
                                [](auto& request, int16_t) { request.transactional_id = "x"; });
  try_all<proto::WriteTxnMarkersRequest>(kWriteTxnMarkersApi, [](auto& request, int16_t version) {
    static int32_t partitions[] = {0, 7};
    static proto::WriteTxnMarkersRequest::WritableTxnMarkerTopic topic;
    static proto::WriteTxnMarkersRequest::WritableTxnMarker marker;
    topic = {"t", partitions, {}};
    marker.producer_id = 1000 + version;
    marker.topics = {&topic, 1};
    if (version >= 2) marker.transaction_version = 2;
    request.markers = {&marker, 1};
  });
  try_all<proto::DescribeTransactionsRequest>(kDescribeTransactionsApi, [](auto& request, int16_t) {
    static std::string_view ids[] = {"x", ""};
    request.transactional_ids = ids;
  });
  try_empty<proto::ListTransactionsRequest>(kListTransactionsApi);
  try_all<proto::TxnOffsetCommitRequest>(kTxnOffsetCommitApi, [](auto& request, int16_t) {
    static proto::TxnOffsetCommitRequest::TxnOffsetCommitRequestPartition partition;
    static proto::TxnOffsetCommitRequest::TxnOffsetCommitRequestTopic topic;
    topic.name = "t";
    topic.partitions = {&partition, 1};
    request.transactional_id = "x";
    request.group_id = "g";
    request.topics = {&topic, 1};
  });
}

void Versions::try_groups() {
  try_all<proto::FindCoordinatorRequest>(kFindCoordinatorApi, [](auto& request, int16_t version) {
    static std::string_view keys[] = {"g"};
    if (version < 4) request.key = "g";
    if (version >= 4) request.coordinator_keys = keys;
  });
  try_all<proto::JoinGroupRequest>(kJoinGroupApi, [](auto& request, int16_t version) {
    static proto::JoinGroupRequest::JoinGroupRequestProtocol protocol;
    static std::string group;
    group = "group-" + std::to_string(version);
    protocol.name = "range";
    protocol.metadata = as_bytes("m");
    request.group_id = group;
    request.session_timeout_ms = 10'000;
    request.protocol_type = "consumer";
    request.protocols = {&protocol, 1};
    if (version >= 5) request.group_instance_id = "i";
  });
  const auto member = [](auto& request, int16_t) {
    request.group_id = "g";
    request.member_id = "nobody";
  };
  try_all<proto::HeartbeatRequest>(kHeartbeatApi, member);
  try_all<proto::SyncGroupRequest>(kSyncGroupApi, member);
  try_all<proto::DescribeGroupsRequest>(kDescribeGroupsApi, [](auto& request, int16_t version) {
    static std::string_view groups[] = {"g", "none"};
    request.groups = groups;
    request.include_authorized_operations = version >= 3;
  });
  try_empty<proto::ListGroupsRequest>(kListGroupsApi);
  try_all<proto::LeaveGroupRequest>(kLeaveGroupApi, [](auto& request, int16_t version) {
    static proto::LeaveGroupRequest::MemberIdentity members[1];
    members[0].member_id = "nobody";
    request.group_id = "g";
    if (version < 3) request.member_id = "nobody";
    if (version >= 3) request.members = members;
  });
}

void Versions::try_offsets() {
  try_all<proto::OffsetCommitRequest>(kOffsetCommitApi, [](auto& request, int16_t version) {
    static proto::OffsetCommitRequest::OffsetCommitRequestPartition partition;
    static proto::OffsetCommitRequest::OffsetCommitRequestTopic topic;
    topic.name = version < 10 ? "t" : "";
    topic.partitions = {&partition, 1};
    request.group_id = "simple";
    request.topics = {&topic, 1};
  });
  try_all<proto::OffsetFetchRequest>(kOffsetFetchApi, [](auto& request, int16_t version) {
    static int32_t partitions[] = {0};
    static proto::OffsetFetchRequest::OffsetFetchRequestTopic topic;
    static proto::OffsetFetchRequest::OffsetFetchRequestTopics topics;
    static proto::OffsetFetchRequest::OffsetFetchRequestGroup groups[2];
    topic = {"t", partitions, {}};
    topics = {version < 10 ? "t" : "", {}, partitions, {}};
    groups[0].group_id = groups[1].group_id = "simple";
    groups[0].topics = {};
    groups[1].topics = {&topics, 1};
    if (version < 8) {
      request.group_id = "simple";
      request.topics = {&topic, 1};
    } else {
      request.groups = groups;
    }
  });
  try_all<proto::OffsetDeleteRequest>(kOffsetDeleteApi,
                                      [](auto& request, int16_t) { request.group_id = "simple"; });
}

void Versions::try_consumer_groups() {
  try_all<proto::ConsumerGroupHeartbeatRequest>(
      kConsumerGroupHeartbeatApi, [](auto& request, int16_t version) {
        static std::string_view topics[] = {"t"};
        request.group_id = "consumers";
        request.member_id = "member";
        request.member_epoch = version == 0 ? 0 : -1;
        request.rebalance_timeout_ms = 1'000;
        request.instance_id = {};
        request.rack_id = {};
        request.server_assignor = {};
        request.subscribed_topic_names = topics;
        request.topic_partitions =
            proto::empty_array<proto::ConsumerGroupHeartbeatRequest::TopicPartitions>();
      });
  try_all<proto::ConsumerGroupDescribeRequest>(
      kConsumerGroupDescribeApi, [](auto& request, int16_t) {
        static std::string_view groups[] = {"consumers", "none"};
        request.group_ids = groups;
        request.include_authorized_operations = true;
      });
  try_all<proto::DeleteGroupsRequest>(kDeleteGroupsApi, [](auto& request, int16_t) {
    static std::string_view groups[] = {"simple", "none"};
    request.groups_names = groups;
  });
}

namespace {

TEST_F(Versions, AreAllAnswered) {
  try_data();
  try_transactions();
  try_groups();
  try_offsets();
  try_consumer_groups();
  try_admin();
  try_describing();
  try_security();
  try_cluster();
  for (const HandlerInfo* handler : all_handlers()) {
    EXPECT_TRUE(tried_.contains(handler->key)) << proto::api_name(handler->key);
  }
}

TEST_F(Versions, OfHandlersAreWhatApiVersionsTells) {
  std::set<proto::ApiKey> told;
  for (const rpc::ApiRange& api : client().peer_apis()) {
    told.insert(api.key);
    const HandlerInfo* handler = find_handler(api.key);
    if (handler == nullptr) continue;
    EXPECT_EQ(api.min_version, handler->min_version);
    EXPECT_EQ(api.max_version, handler->max_version);
    const proto::ApiInfo* info = proto::find_api(api.key);
    EXPECT_LE(handler->max_version, info->max_version) << info->name;
  }
  for (const HandlerInfo* handler : all_handlers()) EXPECT_TRUE(told.contains(handler->key));
  told.erase(proto::ApiKey::kApiVersions);
  told.erase(proto::ApiKey::kSaslHandshake);
  told.erase(proto::ApiKey::kSaslAuthenticate);
  EXPECT_EQ(told.size(), all_handlers().size()) << "an API is told that nobody serves";
}

TEST_F(Versions, PromiseTheFeaturesThatAreThere) {
  std::map<std::string, int16_t> promised;
  for (const auto& feature : client().peer_features().finalized) {
    promised[std::string(feature.name)] = feature.max_version_level;
  }
  EXPECT_EQ(promised.at("group.version"), 1);
  EXPECT_FALSE(promised.contains("share.version"));
  EXPECT_FALSE(promised.contains("streams.version"));
}

TEST_F(Versions, OfProduceThatNobodyHasCloseTheConnection) {
  const auto range =
      std::ranges::find(client().peer_apis(), proto::ApiKey::kProduce, &rpc::ApiRange::key);
  EXPECT_EQ(range->min_version, 0);
  EXPECT_TRUE(client().send_no_response(proto::ApiKey::kProduce, 2, SliceChain()));
  loop_.run_ready();
  EXPECT_FALSE(client().is_open());
}

TEST_F(Versions, TolerateBytesBehindTheRequest) {
  wire::Writer writer(64);
  encode(writer, 13, proto::MetadataRequest{.topics = {}});
  writer.raw(as_bytes("xyz"));
  std::optional<Result<rpc::RawResponse>> answer;
  client().send(proto::ApiKey::kMetadata, 13, *writer.finish(), deadline(),
                [&answer](Result<rpc::RawResponse> response) { answer = std::move(response); });
  loop_.run_ready();
  EXPECT_TRUE(answer && answer->has_value());
}

TEST_F(Versions, CloseTheConnectionOnGarbage) {
  wire::Writer writer(64);
  writer.raw(as_bytes("\x7f\x7f\x7f\x7f\x7f"));
  EXPECT_TRUE(client().send_no_response(proto::ApiKey::kFetch, 12, *writer.finish()));
  loop_.run_ready();
  EXPECT_FALSE(client().is_open());
  clients_.clear();
  EXPECT_EQ(produce("t", {"still here"}).error_code, 0);
}

}  // namespace
}  // namespace odradek::broker::testing
