#include "backup/restore/target.h"

#include <fmt/format.h>

#include "proto/error_code.h"
#include "proto/messages/create_topics_request.h"
#include "proto/messages/create_topics_response.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"
#include "proto/messages/incremental_alter_configs_request.h"
#include "proto/messages/incremental_alter_configs_response.h"
#include "proto/messages/init_producer_id_request.h"
#include "proto/messages/init_producer_id_response.h"
#include "proto/messages/offset_commit_request.h"
#include "proto/messages/offset_commit_response.h"

namespace odradek::backup {
namespace {

constexpr int8_t kTopicResource = 2;
constexpr int8_t kSetOperation = 0;
constexpr int8_t kDeleteOperation = 1;
// Topics are named, not identified by id, up to here.
constexpr int16_t kOffsetCommitByNameVersion = 9;
constexpr Duration kRetryPause = std::chrono::milliseconds(100);

Error answered(int16_t code, const std::string& context, std::string_view words) {
  return proto::to_error(proto::error_code(code), context, words);
}

bool means_members(int16_t code) {
  switch (proto::error_code(code)) {
    case proto::ErrorCode::kUnknownMemberId:
    case proto::ErrorCode::kIllegalGeneration:
    case proto::ErrorCode::kRebalanceInProgress: return true;
    default: return false;
  }
}

}  // namespace

io::Task<Result<void>> Target::create_topic(NewTopic topic, bool validate_only) {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection controller, co_await cluster_->controller(deadline));
  std::vector<proto::CreateTopicsRequest::CreatableTopicConfig> configs;
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
  request.validate_only = validate_only;
  ODK_CO_TRY(auto answer, co_await cluster_->call(controller, request, deadline));
  for (const auto& result : answer->topics) {
    if (result.error_code != 0) {
      co_return answered(result.error_code, "create topic " + topic.name, result.error_message);
    }
  }
  co_return Result<void>{};
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

io::Task<Result<std::string>> Target::effective_config(std::string topic, std::string name) {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection connection, co_await cluster_->any_connection(deadline));
  std::string_view asked = name;
  proto::DescribeConfigsRequest::DescribeConfigsResource resource;
  resource.resource_type = kTopicResource;
  resource.resource_name = topic;
  resource.configuration_keys = {&asked, 1};
  proto::DescribeConfigsRequest request;
  request.resources = {&resource, 1};
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  for (const auto& result : answer->results) {
    if (result.error_code != 0) {
      co_return answered(result.error_code, "describe configs of topic " + topic,
                         result.error_message);
    }
    for (const auto& config : result.configs) {
      if (config.name == name) co_return std::string(config.value);
    }
  }
  co_return std::string{};
}

io::Task<Result<ProducerIdentity>> Target::init_producer() {
  const MonotonicTime deadline = cluster_->request_deadline();
  while (true) {
    ODK_CO_TRY(cluster::Cluster::Connection connection,
               co_await cluster_->any_connection(deadline));
    proto::InitProducerIdRequest request;
    request.transactional_id = {};
    ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
    const proto::ErrorCode code = proto::error_code(answer->error_code);
    if (code == proto::ErrorCode::kNone) {
      co_return ProducerIdentity{answer->producer_id, answer->producer_epoch};
    }
    if (!proto::is_retriable(code) || cluster_->loop().now() >= deadline) {
      co_return proto::to_error(code, "init producer id");
    }
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
  }
}

io::Task<Result<void>> Target::commit_offsets(std::string group, std::vector<GroupOffset> offsets) {
  using Request = proto::OffsetCommitRequest;
  const MonotonicTime deadline = cluster_->request_deadline();
  std::map<std::string_view, std::vector<Request::OffsetCommitRequestPartition>> by_topic;
  for (const GroupOffset& offset : offsets) {
    by_topic[offset.topic].push_back({.partition_index = offset.partition,
                                      .committed_offset = offset.offset,
                                      .committed_metadata = offset.metadata});
  }
  std::vector<Request::OffsetCommitRequestTopic> topics;
  for (auto& [name, partitions] : by_topic) {
    topics.push_back({.name = name, .partitions = partitions});
  }
  Request request;
  request.group_id = group;
  request.member_id = "";
  request.group_instance_id = {};
  request.topics = proto::array_of(topics);
  while (true) {
    ODK_CO_TRY(cluster::Cluster::Connection coordinator,
               co_await cluster_->coordinator(cluster::CoordinatorType::kGroup, group,
                                              cluster::kGeneralLane, deadline));
    ODK_CO_TRY(auto answer,
               co_await cluster_->call(coordinator, request, deadline, kOffsetCommitByNameVersion));
    int16_t failed = 0;
    for (const auto& topic : answer->topics) {
      for (const auto& partition : topic.partitions) {
        if (partition.error_code != 0) failed = partition.error_code;
      }
    }
    if (failed == 0) co_return Result<void>{};
    const Error error = answered(failed, "commit offsets of group " + group, {});
    if (means_members(failed)) {
      co_return Error(Errc::kPrecondition, fmt::format("group {} has members: stop them first ({})",
                                                       group, error.message()));
    }
    if (!proto::is_retriable(proto::error_code(failed)) || cluster_->loop().now() >= deadline) {
      co_return error;
    }
    cluster_->forget_coordinator(cluster::CoordinatorType::kGroup, group);
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), kRetryPause));
  }
}

}  // namespace odradek::backup
