#include "proxy/txn/topic_policies.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"

namespace odradek::proxy {
namespace {

using proto::DescribeConfigsRequest;
using proto::DescribeConfigsResponse;

constexpr int8_t kTopicResource = 2;
constexpr size_t kTopicsMax = 100'000;

struct Demand {
  std::string_view name;
  std::string_view value;
};
constexpr std::array<Demand, 3> kDemands = {
    {{.name = "message.timestamp.type", .value = "CreateTime"},
     {.name = "compression.type", .value = "producer"},
     {.name = "cleanup.policy", .value = "delete"}}};

TopicPolicies::Answer judge(const DescribeConfigsResponse::DescribeConfigsResult& result) {
  for (const Demand& demand : kDemands) {
    const auto found = std::ranges::find(
        result.configs, demand.name, &DescribeConfigsResponse::DescribeConfigsResourceResult::name);
    if (found != result.configs.end() && found->value == demand.value) continue;
    const std::string_view has = found == result.configs.end() ? "unknown" : found->value;
    return {false, std::string(demand.name) + " is " + std::string(has)};
  }
  return {true, {}};
}

}  // namespace

io::Task<std::optional<TopicPolicies::Answer>> TopicPolicies::keeps_marks(std::string topic,
                                                                          MonotonicTime deadline) {
  const MonotonicTime now = cluster_->loop().now();
  const auto known = known_.find(topic);
  if (known != known_.end() &&
      now - known->second.asked_at < cluster_->options().metadata_max_age) {
    co_return known->second.answer;
  }
  std::array<std::string_view, kDemands.size()> names;
  std::ranges::transform(kDemands, names.begin(), &Demand::name);
  DescribeConfigsRequest::DescribeConfigsResource resource;
  resource.resource_type = kTopicResource;
  resource.resource_name = topic;
  resource.configuration_keys = names;
  DescribeConfigsRequest request;
  request.resources = {&resource, 1};
  Result<cluster::Cluster::Connection> connected = co_await cluster_->any_connection(deadline);
  if (!connected) co_return std::nullopt;
  const auto answer = co_await cluster_->call(*connected, request, deadline);
  if (!answer || answer->message.results.empty() || answer->message.results[0].error_code != 0) {
    ODK_LOG(warn, "topic configuration not known", kv("topic", topic));
    co_return std::nullopt;
  }
  Answer judged = judge(answer->message.results[0]);
  if (known_.size() >= kTopicsMax) known_.clear();
  known_[topic] = {judged, now};
  co_return judged;
}

}  // namespace odradek::proxy
