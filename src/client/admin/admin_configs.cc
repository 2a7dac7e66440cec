// Admin calls about configurations.
#include <charconv>

#include "client/admin/admin_call.h"
#include "client/admin/admin_tasks.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"
#include "proto/messages/incremental_alter_configs_request.h"
#include "proto/messages/incremental_alter_configs_response.h"

namespace odradek::client {
namespace {

constexpr int8_t kDefaultSource = 5;  // DescribeConfigs: ConfigSource.DEFAULT_CONFIG

// A broker answers for its own configuration; anything else any broker knows.
io::Task<Result<Cluster::Connection>> connection_for(Cluster& cluster,
                                                     const kafka::Resource& resource,
                                                     MonotonicTime deadline) {
  int32_t broker_id = -1;
  const std::string& name = resource.name;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), broker_id);
  const bool is_broker = resource.type == kafka::ResourceType::broker && parsed.ec == std::errc() &&
                         parsed.ptr == name.data() + name.size();
  if (is_broker) return cluster.connection(broker_id, cluster::kGeneralLane, deadline);
  return cluster.any_connection(deadline);
}

}  // namespace

io::Task<Result<std::vector<kafka::ConfigEntry>>> describe_configs(Cluster& cluster,
                                                                   kafka::Resource resource,
                                                                   MonotonicTime deadline) {
  auto connected = co_await connection_for(cluster, resource, deadline);
  if (!connected) co_return connected.error().with_context("describe configs");
  proto::DescribeConfigsRequest::DescribeConfigsResource items[1];
  items[0].resource_type = static_cast<int8_t>(resource.type);
  items[0].resource_name = resource.name;
  items[0].configuration_keys = {};  // null: all
  proto::DescribeConfigsRequest request;
  request.resources = proto::array_of(items);
  auto answer = co_await cluster.call(*std::move(connected), request, deadline);
  if (!answer) co_return answer.error().with_context("describe configs of " + resource.name);
  if (answer->message.results.empty()) {
    co_return Error(Errc::kMalformed, "DescribeConfigs answer without result");
  }
  const auto& result = answer->message.results.front();
  const proto::ErrorCode code = proto::error_code(result.error_code);
  if (code != proto::ErrorCode::kNone) {
    co_return proto::to_error(code, "describe configs of " + resource.name, result.error_message);
  }
  std::vector<kafka::ConfigEntry> entries;
  for (const auto& item : result.configs) {
    kafka::ConfigEntry& entry = entries.emplace_back();
    entry.name = item.name;
    if (!is_null(item.value)) entry.value = std::string(item.value);
    entry.is_default = item.config_source == kDefaultSource;
    entry.is_read_only = item.read_only;
    entry.is_sensitive = item.is_sensitive;
  }
  co_return entries;
}

io::Task<Result<void>> alter_configs(Cluster& cluster, kafka::Resource resource,
                                     std::vector<kafka::ConfigChange> changes,
                                     MonotonicTime deadline) {
  using Request = proto::IncrementalAlterConfigsRequest;
  auto connected = co_await connection_for(cluster, resource, deadline);
  if (!connected) co_return connected.error().with_context("alter configs");
  std::vector<Request::AlterableConfig> configs(changes.size());
  for (size_t i = 0; i < changes.size(); ++i) {
    configs[i].name = changes[i].name;
    configs[i].config_operation = static_cast<int8_t>(changes[i].operation);
    if (changes[i].value) configs[i].value = *changes[i].value;
  }
  Request::AlterConfigsResource items[1];
  items[0].resource_type = static_cast<int8_t>(resource.type);
  items[0].resource_name = resource.name;
  items[0].configs = proto::array_of(configs);
  Request request;
  request.resources = proto::array_of(items);
  auto answer = co_await cluster.call(*std::move(connected), request, deadline);
  if (!answer) co_return answer.error().with_context("alter configs of " + resource.name);
  for (const auto& result : answer->message.responses) {
    const proto::ErrorCode code = proto::error_code(result.error_code);
    if (code != proto::ErrorCode::kNone) {
      co_return proto::to_error(code, "alter configs of " + resource.name, result.error_message);
    }
  }
  co_return Result<void>{};
}

}  // namespace odradek::client
