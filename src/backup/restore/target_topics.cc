#include <fmt/format.h>

#include "backup/engine/source.h"
#include "backup/restore/target.h"
#include "proto/error_code.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proto/messages/delete_records_request.h"
#include "proto/messages/delete_records_response.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"
#include "proto/messages/incremental_alter_configs_request.h"
#include "proto/messages/incremental_alter_configs_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"

// The half of Target that is about topics; target.cc has producers and groups.
namespace odradek::backup {
namespace {

constexpr int8_t kTopicResource = 2;
constexpr int8_t kDynamicTopicSource = 1;
constexpr int8_t kSetOperation = 0;
constexpr int8_t kDeleteOperation = 1;
constexpr Duration kRetryPause = std::chrono::milliseconds(100);

Error answered(int16_t code, const std::string& context, std::string_view words) {
  return proto::to_error(proto::error_code(code), context, words);
}

// Source: org.apache.kafka.common.acl.AclOperation.
constexpr unsigned kWrite = 4;
constexpr unsigned kAlterConfigs = 11;
constexpr int32_t kNotTold = INT32_MIN;

bool has_operation(int32_t bits, unsigned operation) {
  return (static_cast<uint32_t>(bits) >> operation & 1U) != 0;
}

}  // namespace

io::Task<Result<void>> Target::create_topic(NewTopic topic) {
  const Result<TargetConfigs> created = co_await request_topic(std::move(topic), false);
  if (!created) co_return created.error();
  co_return Result<void>{};
}

io::Task<Result<TargetConfigs>> Target::try_create_topic(NewTopic topic) {
  co_return co_await request_topic(std::move(topic), true);
}

io::Task<Result<TargetConfigs>> Target::request_topic(NewTopic topic, bool validate_only) {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection controller, co_await cluster_->controller(deadline));
  std::vector<proto::CreateTopicsRequest::CreatableTopicConfig> configs;
  configs.reserve(topic.configs.size());
  for (const auto& [name, value] : topic.configs) {
    configs.push_back({.name = name, .value = value});
  }
  proto::CreateTopicsRequest::CreatableTopic wanted;
  wanted.name = topic.name;
  wanted.num_partitions = topic.partition_count;
  wanted.replication_factor = static_cast<int16_t>(topic.replication_factor);
  wanted.configs = proto::array_of(configs);
  proto::CreateTopicsRequest request;
  request.topics = {&wanted, 1};
  request.timeout_ms = 30'000;
  request.validate_only = validate_only;
  ODK_CO_TRY(auto answer, co_await cluster_->call(controller, request, deadline));
  TargetConfigs in_force;
  for (const auto& result : answer->topics) {
    if (result.error_code != 0) {
      co_return answered(result.error_code, "create topic " + topic.name, result.error_message);
    }
    for (const auto& config : result.configs) {
      in_force[std::string(config.name)] = {std::string(config.value),
                                            config.config_source == kDynamicTopicSource};
    }
  }
  co_return in_force;
}

io::Task<Result<void>> Target::delete_records(std::string topic, int32_t partition,
                                              int64_t offset) {
  const MonotonicTime deadline = cluster_->request_deadline();
  while (true) {
    proto::DeleteRecordsRequest::DeleteRecordsPartition wanted;
    wanted.partition_index = partition;
    wanted.offset = offset;
    proto::DeleteRecordsRequest::DeleteRecordsTopic wanted_topic;
    wanted_topic.name = topic;
    wanted_topic.partitions = {&wanted, 1};
    proto::DeleteRecordsRequest request;
    request.topics = {&wanted_topic, 1};
    request.timeout_ms = 30'000;
    ODK_CO_TRY(cluster::Cluster::Connection leader,
               co_await cluster_->leader(topic, partition, cluster::kGeneralLane, deadline));
    ODK_CO_TRY(auto answer, co_await cluster_->call(leader, request, deadline));
    Result<void> deleted;
    for (const auto& result : answer->topics) {
      for (const auto& entry : result.partitions) {
        if (entry.error_code != 0) {
          deleted = answered(entry.error_code,
                             fmt::format("delete records of {}-{}", topic, partition), {});
        }
      }
    }
    if (deleted || !is_worth_retrying(deleted.error()) || cluster_->loop().now() >= deadline) {
      co_return deleted;
    }
    cluster_->expire_metadata();
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
  }
}

io::Task<Result<void>> Target::alter_topic_configs(std::string topic, ConfigChanges changes) {
  if (changes.empty()) co_return Result<void>{};
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection controller, co_await cluster_->controller(deadline));
  std::vector<proto::IncrementalAlterConfigsRequest::AlterableConfig> configs;
  for (const auto& [name, value] : changes) {
    configs.push_back({.name = name,
                       .config_operation = value ? kSetOperation : kDeleteOperation,
                       .value = value ? std::string_view(*value) : std::string_view{}});
  }
  proto::IncrementalAlterConfigsRequest::AlterConfigsResource resource;
  resource.resource_type = kTopicResource;
  resource.resource_name = topic;
  resource.configs = proto::array_of(configs);
  proto::IncrementalAlterConfigsRequest request;
  request.resources = {&resource, 1};
  ODK_CO_TRY(auto answer, co_await cluster_->call(controller, request, deadline));
  for (const auto& result : answer->responses) {
    if (result.error_code != 0) {
      co_return answered(result.error_code, "configure topic " + topic, result.error_message);
    }
  }
  co_return Result<void>{};
}

io::Task<Result<bool>> Target::can_alter_configs() {
  ODK_CO_TRY(cluster::Cluster::Connection controller,
             co_await cluster_->controller(cluster_->request_deadline()));
  co_return controller->version_for(proto::IncrementalAlterConfigsRequest::kApiKey).has_value();
}

io::Task<Result<TargetConfigs>> Target::topic_configs(std::string topic) {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection connection, co_await cluster_->any_connection(deadline));
  proto::DescribeConfigsRequest::DescribeConfigsResource resource;
  resource.resource_type = kTopicResource;
  resource.resource_name = topic;
  resource.configuration_keys = {};
  proto::DescribeConfigsRequest request;
  request.resources = {&resource, 1};
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  TargetConfigs configs;
  for (const auto& result : answer->results) {
    if (result.error_code != 0) {
      co_return answered(result.error_code, "describe configs of topic " + topic,
                         result.error_message);
    }
    for (const auto& config : result.configs) {
      configs[std::string(config.name)] = {std::string(config.value),
                                           config.config_source == kDynamicTopicSource};
    }
  }
  co_return configs;
}

// Source: KIP-430.
io::Task<Result<TopicRights>> Target::topic_rights(std::string topic) {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection connection, co_await cluster_->any_connection(deadline));
  proto::MetadataRequest::MetadataRequestTopic wanted;
  wanted.name = topic;
  proto::MetadataRequest request;
  request.topics = {&wanted, 1};
  request.allow_auto_topic_creation = false;
  request.include_topic_authorized_operations = true;
  constexpr int16_t kMetadataByNameVersion = 11;
  ODK_CO_TRY(auto answer,
             co_await cluster_->call(connection, request, deadline, kMetadataByNameVersion));
  TopicRights rights;
  for (const auto& result : answer->topics) {
    if (result.topic_authorized_operations == kNotTold) continue;
    rights.is_known = true;
    rights.may_write = has_operation(result.topic_authorized_operations, kWrite);
    rights.may_alter_configs = has_operation(result.topic_authorized_operations, kAlterConfigs);
  }
  co_return rights;
}

}  // namespace odradek::backup
