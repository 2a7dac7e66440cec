// Admin::alter_configs and list_config_resources.
#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/incremental_alter_configs_request.h"
#include "proto/messages/incremental_alter_configs_response.h"
#include "proto/messages/list_config_resources_request.h"
#include "proto/messages/list_config_resources_response.h"

namespace odradek::client {
namespace {

struct AlterConfigs {
  using Request = proto::IncrementalAlterConfigsRequest;
  using Key = kafka::Resource;
  using Value = void;
  static constexpr std::string_view kDoing = "alter configuration";

  std::map<Key, std::vector<kafka::ConfigChange>> changes;
  bool validate_only = false;
  std::vector<Request::AlterConfigsResource> items{};
  std::vector<std::vector<Request::AlterableConfig>> configs{};

  Request request(const std::vector<Key>& resources) {
    items.resize(resources.size());
    configs.resize(resources.size());
    for (size_t i = 0; i < resources.size(); ++i) {
      for (const kafka::ConfigChange& change : changes.at(resources[i])) {
        auto& config = configs[i].emplace_back();
        config.name = change.name;
        config.config_operation = static_cast<int8_t>(change.operation);
        config.value = nullable(change.value);
      }
      items[i].resource_type = static_cast<int8_t>(resources[i].type);
      items[i].resource_name = resources[i].name;
      items[i].configs = proto::array_of(configs[i]);
    }
    Request request;
    request.resources = proto::array_of(items);
    request.validate_only = validate_only;
    return request;
  }

  static Result<void> read(const proto::IncrementalAlterConfigsResponse& response,
                           const std::vector<Key>&, Replies<Key, Value>& replies) {
    for (const auto& result : response.responses) {
      const Key key{static_cast<kafka::ResourceType>(result.resource_type),
                    std::string(result.resource_name)};
      replies.settle(key, result.error_code, result.error_message);
    }
    return {};
  }
};

io::Task<Result<std::vector<kafka::ResourceOutcome>>> alter_configs(
    Cluster& cluster, std::vector<kafka::ResourceChanges> changes, bool validate_only,
    MonotonicTime deadline) {
  AlterConfigs api{.changes = {}, .validate_only = validate_only};
  std::vector<kafka::Resource> resources;
  for (kafka::ResourceChanges& change : changes) {
    resources.push_back(change.resource);
    auto& all = api.changes[change.resource];
    std::ranges::move(change.changes, std::back_inserter(all));
  }
  auto replies =
      co_await ask(cluster, Route::kBroker, std::move(api), std::move(resources), deadline);
  std::vector<kafka::ResourceOutcome> outcomes;
  ODK_CO_TRY_VOID(
      std::move(replies).each([&](const kafka::Resource& resource, kafka::Result<void> result) {
        outcomes.push_back({resource, std::move(result)});
      }));
  co_return outcomes;
}

io::Task<kafka::Result<void>> alter_one(Cluster& cluster, kafka::Resource resource,
                                        std::vector<kafka::ConfigChange> changes,
                                        MonotonicTime deadline) {
  std::vector<kafka::ResourceChanges> one;
  one.push_back({std::move(resource), std::move(changes)});
  auto altered = co_await alter_configs(cluster, std::move(one), false, deadline);
  if (!altered) co_return to_public(altered.error());
  co_return altered->front().result;
}

io::Task<Result<std::vector<kafka::Resource>>> list_config_resources(
    Cluster& cluster, std::vector<kafka::ResourceType> types, MonotonicTime deadline) {
  std::vector<int8_t> numbers;
  numbers.reserve(types.size());
  for (const kafka::ResourceType type : types) numbers.push_back(static_cast<int8_t>(type));
  proto::ListConfigResourcesRequest request;
  request.resource_types = proto::array_of(numbers);
  auto answer =
      co_await admin_call(cluster, kAnyBroker, request, "list configuration resources", deadline);
  if (!answer) co_return answer.error();
  std::vector<kafka::Resource> resources;
  for (const auto& item : answer->message.config_resources) {
    resources.push_back(
        {static_cast<kafka::ResourceType>(item.resource_type), std::string(item.resource_name)});
  }
  co_return resources;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<void> Admin::alter_configs(Resource resource, std::vector<ConfigChange> changes, Wait wait) {
  return client::start<void>(core_, wait, client::alter_one, std::move(resource),
                             std::move(changes));
}

Op<std::vector<ResourceOutcome>> Admin::alter_configs(std::vector<ResourceChanges> changes,
                                                      Mode mode, Wait wait) {
  return client::start<std::vector<ResourceOutcome>>(
      core_, wait, client::alter_configs, std::move(changes), mode == Mode::validate_only);
}

Op<std::vector<Resource>> Admin::list_config_resources(std::vector<ResourceType> types, Wait wait) {
  return client::start<std::vector<Resource>>(core_, wait, client::list_config_resources,
                                              std::move(types));
}

}  // namespace odradek::kafka
