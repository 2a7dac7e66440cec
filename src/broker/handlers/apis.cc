#include "broker/handlers/apis.h"

#include <algorithm>

namespace odradek::broker {
namespace {

constexpr const HandlerInfo* kHandlers[] = {
    &kProduceApi,
    &kFetchApi,
    &kListOffsetsApi,
    &kMetadataApi,
    &kOffsetCommitApi,
    &kOffsetFetchApi,
    &kFindCoordinatorApi,
    &kJoinGroupApi,
    &kHeartbeatApi,
    &kLeaveGroupApi,
    &kSyncGroupApi,
    &kDescribeGroupsApi,
    &kListGroupsApi,
    &kCreateTopicsApi,
    &kDeleteTopicsApi,
    &kDeleteRecordsApi,
    &kInitProducerIdApi,
    &kOffsetForLeaderEpochApi,
    &kAddPartitionsToTxnApi,
    &kAddOffsetsToTxnApi,
    &kEndTxnApi,
    &kWriteTxnMarkersApi,
    &kTxnOffsetCommitApi,
    &kDescribeAclsApi,
    &kCreateAclsApi,
    &kDeleteAclsApi,
    &kDescribeConfigsApi,
    &kAlterConfigsApi,
    &kAlterReplicaLogDirsApi,
    &kDescribeLogDirsApi,
    &kCreatePartitionsApi,
    &kDeleteGroupsApi,
    &kElectLeadersApi,
    &kIncrementalAlterConfigsApi,
    &kAlterPartitionReassignmentsApi,
    &kListPartitionReassignmentsApi,
    &kOffsetDeleteApi,
    &kDescribeClientQuotasApi,
    &kAlterClientQuotasApi,
    &kDescribeUserScramCredentialsApi,
    &kAlterUserScramCredentialsApi,
    &kDescribeQuorumApi,
    &kUpdateFeaturesApi,
    &kDescribeClusterApi,
    &kDescribeProducersApi,
    &kDescribeTransactionsApi,
    &kListTransactionsApi,
    &kConsumerGroupHeartbeatApi,
    &kConsumerGroupDescribeApi,
    &kListConfigResourcesApi,
    &kDescribeTopicPartitionsApi,
};

}  // namespace

std::span<const HandlerInfo* const> all_handlers() { return kHandlers; }

const HandlerInfo* find_handler(proto::ApiKey key) {
  const auto found = std::ranges::lower_bound(kHandlers, key, {}, &HandlerInfo::key);
  return found != std::end(kHandlers) && (*found)->key == key ? *found : nullptr;
}

}  // namespace odradek::broker
