#include "broker/handlers/config_update.h"

#include <fmt/format.h>

#include <set>

namespace odradek::broker {
namespace {

using proto::ErrorCode;

ApiError check_unique(std::span<const ConfigChange> changes) {
  std::set<std::string_view> names;
  for (const ConfigChange& change : changes) {
    if (change.name.empty()) {
      return {ErrorCode::kInvalidRequest, "a configuration key without a name"};
    }
    if (!names.insert(change.name).second) {
      return {ErrorCode::kInvalidRequest, fmt::format("key {} is named twice", change.name)};
    }
  }
  return {};
}

void set_broker_level(Settings& settings, const TopicOverrides& values, bool cluster_wide) {
  const TopicOverrides before = settings.dynamic(cluster_wide);
  for (const auto& [name, value] : before) {
    if (!values.contains(name)) settings.set_dynamic(name, std::nullopt, cluster_wide);
  }
  for (const auto& [name, value] : values) settings.set_dynamic(name, value, cluster_wide);
}

ApiError update_group(Node& node, std::string_view group, std::span<const ConfigChange> changes,
                      bool replace, bool only_check) {
  Settings& settings = node.settings();
  const TopicOverrides nothing;
  ConfigChanges changed = change_group_configs(
      node, group, replace ? nothing : settings.group_overrides(group), changes);
  if (!changed.error.ok() || only_check) return std::move(changed.error);
  MetadataBatch batch;
  add_config_changes(batch, ConfigOwner::kGroup, group, settings.group_overrides(group),
                     changed.values);
  ApiError error = node.commit(batch);
  if (error.ok()) settings.set_group_overrides(group, std::move(changed.values));
  return error;
}

}  // namespace

ApiError update_configs(Node& node, const ConfigResource& resource,
                        std::span<const ConfigChange> changes, bool replace, bool only_check) {
  ApiError error = check_unique(changes);
  if (!error.ok()) return error;
  if (!is_null(resource.group))
    return update_group(node, resource.group, changes, replace, only_check);
  const bool is_topic = resource.topic != nullptr;
  const TopicOverrides& now =
      is_topic ? resource.topic->overrides : node.settings().dynamic(resource.cluster_wide);
  const TopicOverrides nothing;
  const TopicOverrides& current = replace ? nothing : now;
  ConfigChanges changed = is_topic ? change_topic_configs(node, current, changes)
                                   : change_broker_configs(current, changes);
  if (!changed.error.ok() || only_check) return std::move(changed.error);
  MetadataBatch batch;
  const std::string broker = resource.cluster_wide ? "" : std::to_string(node.id());
  add_config_changes(batch, is_topic ? ConfigOwner::kTopic : ConfigOwner::kBroker,
                     is_topic ? resource.topic->name : broker, now, changed.values);
  error = node.commit(batch);
  if (!error.ok()) return error;
  if (is_topic) {
    resource.topic->overrides = std::move(changed.values);
    node.topics().configs_changed(*resource.topic);
  } else {
    set_broker_level(node.settings(), changed.values, resource.cluster_wide);
    node.settings_changed();
  }
  return {};
}

}  // namespace odradek::broker
