#pragma once

#include <span>

#include "broker/handlers/handler.h"

namespace odradek::broker {

// Each is defined, with its versions, in the file named after it.
extern const HandlerInfo kProduceApi;
extern const HandlerInfo kFetchApi;
extern const HandlerInfo kListOffsetsApi;
extern const HandlerInfo kMetadataApi;
extern const HandlerInfo kOffsetCommitApi;
extern const HandlerInfo kOffsetFetchApi;
extern const HandlerInfo kFindCoordinatorApi;
extern const HandlerInfo kJoinGroupApi;
extern const HandlerInfo kHeartbeatApi;
extern const HandlerInfo kLeaveGroupApi;
extern const HandlerInfo kSyncGroupApi;
extern const HandlerInfo kDescribeGroupsApi;
extern const HandlerInfo kListGroupsApi;
extern const HandlerInfo kCreateTopicsApi;
extern const HandlerInfo kDeleteTopicsApi;
extern const HandlerInfo kDeleteRecordsApi;
extern const HandlerInfo kInitProducerIdApi;
extern const HandlerInfo kOffsetForLeaderEpochApi;
extern const HandlerInfo kAddPartitionsToTxnApi;
extern const HandlerInfo kAddOffsetsToTxnApi;
extern const HandlerInfo kEndTxnApi;
extern const HandlerInfo kWriteTxnMarkersApi;
extern const HandlerInfo kTxnOffsetCommitApi;
extern const HandlerInfo kDescribeAclsApi;
extern const HandlerInfo kCreateAclsApi;
extern const HandlerInfo kDeleteAclsApi;
extern const HandlerInfo kDescribeConfigsApi;
extern const HandlerInfo kAlterConfigsApi;
extern const HandlerInfo kAlterReplicaLogDirsApi;
extern const HandlerInfo kDescribeLogDirsApi;
extern const HandlerInfo kCreatePartitionsApi;
extern const HandlerInfo kDeleteGroupsApi;
extern const HandlerInfo kElectLeadersApi;
extern const HandlerInfo kIncrementalAlterConfigsApi;
extern const HandlerInfo kAlterPartitionReassignmentsApi;
extern const HandlerInfo kListPartitionReassignmentsApi;
extern const HandlerInfo kOffsetDeleteApi;
extern const HandlerInfo kDescribeClientQuotasApi;
extern const HandlerInfo kAlterClientQuotasApi;
extern const HandlerInfo kDescribeUserScramCredentialsApi;
extern const HandlerInfo kAlterUserScramCredentialsApi;
extern const HandlerInfo kDescribeQuorumApi;
extern const HandlerInfo kUpdateFeaturesApi;
extern const HandlerInfo kDescribeClusterApi;
extern const HandlerInfo kDescribeProducersApi;
extern const HandlerInfo kDescribeTransactionsApi;
extern const HandlerInfo kListTransactionsApi;
extern const HandlerInfo kConsumerGroupHeartbeatApi;
extern const HandlerInfo kConsumerGroupDescribeApi;
extern const HandlerInfo kListConfigResourcesApi;
extern const HandlerInfo kDescribeTopicPartitionsApi;

// All of them, ascending by key: what the dispatcher serves and ApiVersions tells.
std::span<const HandlerInfo* const> all_handlers();
// Null when the key is not served.
const HandlerInfo* find_handler(proto::ApiKey key);

}  // namespace odradek::broker
