#include "broker/handlers/versions_for_tests.h"

// What administrators ask, in every version.
namespace odradek::broker::testing {

void Versions::try_admin() {
  try_all<proto::CreateTopicsRequest>(kCreateTopicsApi, [](auto& request, int16_t version) {
    static std::string name;
    static proto::CreateTopicsRequest::CreatableTopic topics[2];
    name = "made-" + std::to_string(version);
    topics[0].name = name;
    topics[1].name = "t";
    for (auto& topic : topics) topic.num_partitions = topic.replication_factor = 1;
    request.topics = topics;
  });
  try_all<proto::DeleteTopicsRequest>(kDeleteTopicsApi, [](auto& request, int16_t version) {
    static std::string_view names[] = {"made-2", "none"};
    static proto::DeleteTopicsRequest::DeleteTopicState topics[2];
    topics[0].name = "made-3";
    topics[1].topic_id.bytes[0] = 7;
    topics[1].name = {};
    if (version < 6) request.topic_names = names;
    if (version >= 6) request.topics = topics;
  });
  try_all<proto::CreatePartitionsRequest>(kCreatePartitionsApi, [](auto& request, int16_t version) {
    static proto::CreatePartitionsRequest::CreatePartitionsTopic topic;
    topic.name = "t";
    topic.count = 3 + version;
    topic.assignments = {};
    request.topics = {&topic, 1};
  });
  try_all<proto::DeleteRecordsRequest>(kDeleteRecordsApi, [](auto& request, int16_t) {
    static proto::DeleteRecordsRequest::DeleteRecordsPartition partition{0, 1, {}};
    static proto::DeleteRecordsRequest::DeleteRecordsTopic topic{"t", {&partition, 1}, {}};
    request.topics = {&topic, 1};
  });
  try_all<proto::AlterConfigsRequest>(kAlterConfigsApi, [](auto& request, int16_t) {
    static proto::AlterConfigsRequest::AlterConfigsResource resource;
    resource.resource_type = 2;
    resource.resource_name = "t";
    request.resources = {&resource, 1};
  });
  try_all<proto::IncrementalAlterConfigsRequest>(
      kIncrementalAlterConfigsApi, [](auto& request, int16_t) {
        static proto::IncrementalAlterConfigsRequest::AlterConfigsResource resource;
        resource.resource_type = 2;
        resource.resource_name = "t";
        request.resources = {&resource, 1};
      });
}

void Versions::try_describing() {
  try_all<proto::DescribeConfigsRequest>(kDescribeConfigsApi, [](auto& request, int16_t version) {
    static proto::DescribeConfigsRequest::DescribeConfigsResource resources[2];
    resources[0] = {2, "t", {}, {}};
    resources[1] = {4, "1", {}, {}};
    request.resources = resources;
    request.include_synonyms = true;
    request.include_documentation = version >= 3;
  });
  try_empty<proto::DescribeClusterRequest>(kDescribeClusterApi);
  try_empty<proto::DescribeLogDirsRequest>(kDescribeLogDirsApi);
  try_empty<proto::DescribeTopicPartitionsRequest>(kDescribeTopicPartitionsApi);
}

void Versions::try_security() {
  try_all<proto::DescribeAclsRequest>(kDescribeAclsApi, [](auto& request, int16_t) {
    request.resource_type_filter = request.pattern_type_filter = 1;
    request.operation = request.permission_type = 1;
  });
  try_all<proto::CreateAclsRequest>(kCreateAclsApi, [](auto& request, int16_t) {
    static proto::CreateAclsRequest::AclCreation acl;
    acl = {2, "t", 3, "User:a", "*", 3, 3, {}};
    request.creations = {&acl, 1};
  });
  try_all<proto::DeleteAclsRequest>(kDeleteAclsApi, [](auto& request, int16_t) {
    static proto::DeleteAclsRequest::DeleteAclsFilter filter;
    filter = {1, {}, 1, {}, {}, 1, 1, {}};
    request.filters = {&filter, 1};
  });
  try_empty<proto::DescribeUserScramCredentialsRequest>(kDescribeUserScramCredentialsApi);
  try_all<proto::AlterUserScramCredentialsRequest>(
      kAlterUserScramCredentialsApi, [](auto& request, int16_t) {
        static proto::AlterUserScramCredentialsRequest::ScramCredentialUpsertion user;
        user = {"alice", 1, 4096, as_bytes("salt"), as_bytes("password"), {}};
        request.upsertions = {&user, 1};
      });
  try_empty<proto::DescribeClientQuotasRequest>(kDescribeClientQuotasApi);
  try_all<proto::AlterClientQuotasRequest>(kAlterClientQuotasApi, [](auto& request, int16_t) {
    static proto::AlterClientQuotasRequest::EntityData entity{"user", {}, {}};
    static proto::AlterClientQuotasRequest::OpData op{"request_percentage", 1e9, false, {}};
    static proto::AlterClientQuotasRequest::EntryData entry{{&entity, 1}, {&op, 1}, {}};
    request.entries = {&entry, 1};
  });
}

void Versions::try_cluster() {
  try_all<proto::ElectLeadersRequest>(
      kElectLeadersApi, [](auto& request, int16_t) { request.topic_partitions = {}; });
  try_all<proto::AlterPartitionReassignmentsRequest>(
      kAlterPartitionReassignmentsApi, [](auto& request, int16_t) {
        static int32_t replicas[] = {1};
        static proto::AlterPartitionReassignmentsRequest::ReassignablePartition partitions[2];
        static proto::AlterPartitionReassignmentsRequest::ReassignableTopic topic;
        partitions[0].replicas = replicas;
        partitions[1].replicas = {};
        topic = {"t", partitions, {}};
        request.topics = {&topic, 1};
      });
  try_empty<proto::ListPartitionReassignmentsRequest>(kListPartitionReassignmentsApi);
  try_all<proto::AlterReplicaLogDirsRequest>(kAlterReplicaLogDirsApi, [](auto& request, int16_t) {
    static int32_t partitions[] = {0};
    static proto::AlterReplicaLogDirsRequest::AlterReplicaLogDirTopic topic{"t", partitions, {}};
    static proto::AlterReplicaLogDirsRequest::AlterReplicaLogDir dir{"/none", {&topic, 1}, {}};
    request.dirs = {&dir, 1};
  });
  try_all<proto::DescribeQuorumRequest>(kDescribeQuorumApi, [](auto& request, int16_t) {
    static proto::DescribeQuorumRequest::PartitionData partitions[2];
    static proto::DescribeQuorumRequest::TopicData topic;
    partitions[1].partition_index = 1;
    topic = {"__cluster_metadata", partitions, {}};
    request.topics = {&topic, 1};
  });
  try_all<proto::UpdateFeaturesRequest>(kUpdateFeaturesApi, [](auto& request, int16_t) {
    static proto::UpdateFeaturesRequest::FeatureUpdateKey update;
    update.feature = "metadata.version";
    update.max_version_level = 30;
    request.feature_updates = {&update, 1};
  });
  try_empty<proto::ListConfigResourcesRequest>(kListConfigResourcesApi);
}

}  // namespace odradek::broker::testing
