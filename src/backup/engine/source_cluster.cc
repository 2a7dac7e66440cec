#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "backup/engine/source.h"
#include "proto/array_of.h"
#include "proto/error_code.h"
#include "proto/messages/describe_acls_request.h"
#include "proto/messages/describe_acls_response.h"
#include "proto/messages/describe_client_quotas_request.h"
#include "proto/messages/describe_client_quotas_response.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"
#include "proto/messages/describe_producers_request.h"
#include "proto/messages/describe_producers_response.h"

namespace odradek::backup {
namespace {

constexpr int8_t kTopicResource = 2;
constexpr size_t kTopicsPerRequest = 500;
constexpr int8_t kAny = 1;  // of every ACL filter field, KIP-140

Error server_error(int16_t code, const std::string& context) {
  return proto::to_error(proto::error_code(code), context);
}

// -1 for what is no number.
int64_t number_of(std::string_view text) {
  int64_t number = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc{} ? number : -1;
}

void take_configs(const proto::DescribeConfigsResponse::DescribeConfigsResult& result,
                  SourceTopicConfigs& configs) {
  for (const auto& config : result.configs) {
    if (config.name == "max.message.bytes") configs.message_bytes_max = number_of(config.value);
    // Only what was set for the topic itself: everything else comes from the cluster it lives in.
    constexpr int8_t kDynamicTopicSource = 1;
    if (config.config_source != kDynamicTopicSource || config.is_sensitive) continue;
    configs.own.emplace(config.name, config.value);
  }
}

}  // namespace

io::Task<Result<std::vector<SourceTopicConfigs>>> Source::topic_configs(
    std::vector<std::string> topics) {
  std::vector<SourceTopicConfigs> configs(topics.size());
  for (size_t first = 0; first < topics.size(); first += kTopicsPerRequest) {
    const size_t count = std::min(kTopicsPerRequest, topics.size() - first);
    ODK_CO_TRY_VOID(co_await some_topic_configs(std::span(topics).subspan(first, count),
                                                std::span(configs).subspan(first, count)));
  }
  co_return configs;
}

io::Task<Result<void>> Source::some_topic_configs(std::span<const std::string> topics,
                                                  std::span<SourceTopicConfigs> configs) {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection connection, co_await cluster_->any_connection(deadline));
  std::vector<proto::DescribeConfigsRequest::DescribeConfigsResource> resources;
  std::map<std::string_view, size_t> places;
  for (size_t i = 0; i < topics.size(); ++i) {
    places[topics[i]] = i;
    auto& resource = resources.emplace_back();
    resource.resource_type = kTopicResource;
    resource.resource_name = topics[i];
    resource.configuration_keys = {};
  }
  proto::DescribeConfigsRequest request;
  request.resources = proto::array_of(resources);
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  for (const auto& result : answer->results) {
    const auto place = places.find(result.resource_name);
    if (place == places.end()) continue;
    if (result.error_code != 0) {
      co_return server_error(result.error_code,
                             fmt::format("describe configs of topic {}", result.resource_name));
    }
    take_configs(result, configs[place->second]);
  }
  co_return Result<void>{};
}

io::Task<Result<std::vector<AclEntry>>> Source::acls() {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection connection, co_await cluster_->any_connection(deadline));
  proto::DescribeAclsRequest request;
  request.resource_type_filter = kAny;
  request.resource_name_filter = {};
  request.pattern_type_filter = kAny;
  request.principal_filter = {};
  request.host_filter = {};
  request.operation = kAny;
  request.permission_type = kAny;
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  if (answer->error_code != 0) co_return server_error(answer->error_code, "describe ACLs");
  std::vector<AclEntry> acls;
  for (const auto& resource : answer->resources) {
    for (const auto& acl : resource.acls) {
      acls.push_back({resource.resource_type, std::string(resource.resource_name),
                      resource.pattern_type, std::string(acl.principal), std::string(acl.host),
                      acl.operation, acl.permission_type});
    }
  }
  std::ranges::sort(acls);
  co_return acls;
}

io::Task<Result<std::vector<QuotaEntry>>> Source::quotas() {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection connection, co_await cluster_->any_connection(deadline));
  proto::DescribeClientQuotasRequest request;
  request.components = proto::empty_array<proto::DescribeClientQuotasRequest::ComponentData>();
  ODK_CO_TRY(auto answer, co_await cluster_->call(connection, request, deadline));
  if (answer->error_code != 0) co_return server_error(answer->error_code, "describe quotas");
  std::vector<QuotaEntry> quotas;
  for (const auto& entry : answer->entries) {
    QuotaEntry quota;
    for (const auto& part : entry.entity) {
      std::optional<std::string> name;
      if (!is_null(part.entity_name)) name = std::string(part.entity_name);
      quota.entity.emplace_back(part.entity_type, std::move(name));
    }
    for (const auto& value : entry.values) quota.values[std::string(value.key)] = value.value;
    quotas.push_back(std::move(quota));
  }
  std::ranges::sort(quotas, {}, &QuotaEntry::entity);
  co_return quotas;
}

io::Task<Result<std::vector<OpenTransaction>>> Source::open_transactions(TopicPartition partition) {
  const MonotonicTime deadline = cluster_->request_deadline();
  ODK_CO_TRY(cluster::Cluster::Connection leader,
             co_await cluster_->leader(partition.topic, partition.partition, cluster::kGeneralLane,
                                       deadline));
  proto::DescribeProducersRequest::TopicRequest topic;
  topic.name = partition.topic;
  topic.partition_indexes = {&partition.partition, 1};
  proto::DescribeProducersRequest request;
  request.topics = {&topic, 1};
  ODK_CO_TRY(auto answer, co_await cluster_->call(leader, request, deadline));
  std::vector<OpenTransaction> open;
  for (const auto& answered_topic : answer->topics) {
    for (const auto& entry : answered_topic.partitions) {
      if (entry.error_code != 0) {
        co_return server_error(entry.error_code, "describe producers of " + name_of(partition));
      }
      for (const auto& producer : entry.active_producers) {
        if (producer.current_txn_start_offset < 0) continue;
        open.push_back({producer.producer_id, producer.producer_epoch,
                        producer.current_txn_start_offset, producer.last_timestamp});
      }
    }
  }
  std::ranges::sort(open, {}, &OpenTransaction::start_offset);
  co_return open;
}

}  // namespace odradek::backup
