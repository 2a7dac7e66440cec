// Admin::describe_configs.
#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/describe_configs_request.h"
#include "proto/messages/describe_configs_response.h"

namespace odradek::client {
namespace {

using Entries = std::vector<kafka::ConfigEntry>;

kafka::ConfigType config_type(int8_t number) {
  constexpr auto kLast = static_cast<int8_t>(kafka::ConfigType::password);
  return number < 0 || number > kLast ? kafka::ConfigType::unknown
                                      : static_cast<kafka::ConfigType>(number);
}

Entries entries_of(const proto::DescribeConfigsResponse::DescribeConfigsResult& result) {
  Entries entries;
  for (const auto& item : result.configs) {
    kafka::ConfigEntry& entry = entries.emplace_back();
    entry.name = item.name;
    entry.value = optional_text(item.value);
    entry.source = config_source(item.config_source);
    entry.is_default = entry.source == kafka::ConfigSource::built_in;
    entry.is_read_only = item.read_only;
    entry.is_sensitive = item.is_sensitive;
    entry.type = config_type(item.config_type);
    if (!is_null(item.documentation)) entry.documentation = item.documentation;
    for (const auto& synonym : item.synonyms) {
      entry.synonyms.push_back({.name = std::string(synonym.name),
                                .value = optional_text(synonym.value),
                                .source = config_source(synonym.source)});
    }
  }
  return entries;
}

struct DescribeConfigs {
  using Request = proto::DescribeConfigsRequest;
  using Key = kafka::Resource;
  using Value = Entries;
  static constexpr std::string_view kDoing = "describe configuration";

  kafka::DescribeConfigsOptions options;
  std::vector<std::string_view> names{};
  std::vector<Request::DescribeConfigsResource> items{};

  Request request(const std::vector<Key>& resources) {
    names = views_of(options.names);
    items.resize(resources.size());
    for (size_t i = 0; i < resources.size(); ++i) {
      items[i].resource_type = static_cast<int8_t>(resources[i].type);
      items[i].resource_name = resources[i].name;
      items[i].configuration_keys = {};  // null: all
      if (!names.empty()) items[i].configuration_keys = proto::array_of(names);
    }
    Request request;
    request.resources = proto::array_of(items);
    request.include_synonyms = options.synonyms;
    request.include_documentation = options.documentation;
    return request;
  }

  static Result<void> read(const proto::DescribeConfigsResponse& response, const std::vector<Key>&,
                           Replies<Key, Value>& replies) {
    for (const auto& result : response.results) {
      const Key key{static_cast<kafka::ResourceType>(result.resource_type),
                    std::string(result.resource_name)};
      if (result.error_code == 0) {
        replies.set(key, entries_of(result));
      } else {
        replies.fail(key, result.error_code, result.error_message);
      }
    }
    return {};
  }
};

io::Task<Result<std::vector<kafka::ResourceConfigs>>> describe_configs(
    Cluster& cluster, std::vector<kafka::Resource> resources, kafka::DescribeConfigsOptions options,
    MonotonicTime deadline) {
  DescribeConfigs api{.options = std::move(options)};
  auto replies =
      co_await ask(cluster, Route::kBroker, std::move(api), std::move(resources), deadline);
  std::vector<kafka::ResourceConfigs> all;
  ODK_CO_TRY_VOID(
      std::move(replies).each([&](const kafka::Resource& resource, kafka::Result<Entries> result) {
        all.push_back({resource, std::move(result)});
      }));
  co_return all;
}

io::Task<kafka::Result<Entries>> describe_one(Cluster& cluster, kafka::Resource resource,
                                              MonotonicTime deadline) {
  std::vector<kafka::Resource> one(1, resource);
  auto described =
      co_await describe_configs(cluster, std::move(one), kafka::DescribeConfigsOptions(), deadline);
  if (!described) co_return to_public(described.error());
  co_return std::move(described->front().result);
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<ConfigEntry>> Admin::describe_configs(Resource resource, Wait wait) {
  return client::start<std::vector<ConfigEntry>>(core_, wait, client::describe_one,
                                                 std::move(resource));
}

Op<std::vector<ResourceConfigs>> Admin::describe_configs(std::vector<Resource> resources,
                                                         DescribeConfigsOptions options,
                                                         Wait wait) {
  return client::start<std::vector<ResourceConfigs>>(core_, wait, client::describe_configs,
                                                     std::move(resources), std::move(options));
}

}  // namespace odradek::kafka
