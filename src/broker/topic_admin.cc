#include "broker/topic_admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "broker/node.h"

namespace odradek::broker {
namespace {

using proto::ErrorCode;

// One request may not make more: a typing error must not take the machine's memory.
constexpr int32_t kPartitionsPerCallMax = 10'000;
// Nor may many requests: each partition costs some hundred bytes, records or not.
constexpr size_t kPartitionsMax = 200'000;

ApiError refuse(ErrorCode code, std::string message) { return {code, std::move(message)}; }

ApiError check_name(const Topics& topics, std::string_view name) {
  if (topics.find(name) != nullptr) {
    return refuse(ErrorCode::kTopicAlreadyExists, fmt::format("Topic '{}' already exists.", name));
  }
  std::string fault = topic_name_fault(name);
  if (!fault.empty()) return refuse(ErrorCode::kInvalidTopicException, std::move(fault));
  if (const Topic* other = topics.colliding(name)) {
    return refuse(ErrorCode::kInvalidTopicException,
                  fmt::format("Topic '{}' collides with existing topic: {}", name, other->name));
  }
  return {};
}

ApiError check_assignments(const Node& node, const NewTopic& topic) {
  if (topic.replication_factor != -1 || topic.partitions != -1) {
    return refuse(
        ErrorCode::kInvalidRequest,
        "replicas are assigned by hand, but numbers of partitions and replicas are given");
  }
  std::set<int32_t> seen;
  for (const auto& [partition, replicas] : topic.assignments) {
    if (!seen.insert(partition).second) {
      return refuse(ErrorCode::kInvalidReplicaAssignment,
                    fmt::format("partition {} is assigned twice", partition));
    }
    if (replicas.size() != 1 || replicas[0] != node.id()) {
      return refuse(ErrorCode::kInvalidReplicaAssignment,
                    fmt::format("partition {} can only have the replica {}", partition, node.id()));
    }
  }
  if (*seen.begin() != 0 || *seen.rbegin() != static_cast<int32_t>(seen.size()) - 1) {
    return refuse(ErrorCode::kInvalidReplicaAssignment,
                  "partitions should be a consecutive 0-based integer sequence");
  }
  return {};
}

ApiError check_room(const Topics& topics, int32_t added) {
  if (added > kPartitionsPerCallMax) {
    return refuse(ErrorCode::kPolicyViolation,
                  fmt::format("at most {} partitions at once", kPartitionsPerCallMax));
  }
  if (topics.partition_count() + static_cast<size_t>(added) > kPartitionsMax) {
    return refuse(ErrorCode::kPolicyViolation,
                  fmt::format("this broker takes at most {} partitions", kPartitionsMax));
  }
  return {};
}

ApiError check_numbers(Node& node, const NewTopic& topic, int32_t& partitions) {
  if (!topic.assignments.empty()) {
    partitions = static_cast<int32_t>(topic.assignments.size());
    return check_assignments(node, topic);
  }
  if (topic.replication_factor < -1 || topic.replication_factor == 0) {
    return refuse(ErrorCode::kInvalidReplicationFactor,
                  "Replication factor must be larger than 0, or -1 to use the default value.");
  }
  if (topic.partitions < -1 || topic.partitions == 0) {
    return refuse(ErrorCode::kInvalidPartitions,
                  "Number of partitions was set to an invalid non-positive value.");
  }
  partitions = topic.partitions;
  if (partitions == -1) {
    partitions = static_cast<int32_t>(node.settings().get_long("num.partitions"));
  }
  const int64_t replicas = topic.replication_factor == -1
                               ? node.settings().get_long("default.replication.factor")
                               : topic.replication_factor;
  if (replicas > 1 && !node.accepts_any_replication_factor()) {
    return refuse(
        ErrorCode::kInvalidReplicationFactor,
        fmt::format(
            "Unable to replicate the partition {} time(s): The target replication factor "
            "of {} cannot be reached because only 1 broker(s) are registered or some brokers "
            "have all their log directories cordoned.",
            replicas, replicas));
  }
  return check_room(node.topics(), partitions);
}

// The value of a list after appending or subtracting items.
std::string changed_list(std::string_view current, const ConfigChange& change) {
  std::vector<std::string> items;
  const auto each = [](std::string_view list, auto&& visit) {
    for (size_t begin = 0; begin < list.size();) {
      const size_t comma = std::min(list.find(',', begin), list.size());
      if (comma > begin) visit(std::string(list.substr(begin, comma - begin)));
      begin = comma + 1;
    }
  };
  each(current, [&](std::string item) { items.push_back(std::move(item)); });
  each(change.value, [&](const std::string& item) {
    if (change.op == ConfigChange::Op::kSubtract) {
      std::erase(items, item);
    } else if (std::ranges::find(items, item) == items.end()) {
      items.push_back(item);
    }
  });
  return fmt::format("{}", fmt::join(items, ","));
}

// `effective` gives the value a list key has now.
template <class Find, class Effective>
ConfigChanges change_configs(const TopicOverrides& current, std::span<const ConfigChange> changes,
                             Find&& find, Effective&& effective) {
  ConfigChanges result;
  result.values = current;
  for (const ConfigChange& change : changes) {
    if (change.op == ConfigChange::Op::kDelete) {
      result.values.erase(std::string(change.name));
      continue;
    }
    const ConfigDef* def = find(change.name);
    if (def == nullptr) {
      result.error =
          refuse(ErrorCode::kInvalidConfig, fmt::format("Unknown config name: {}", change.name));
      return result;
    }
    const bool on_list =
        change.op == ConfigChange::Op::kAppend || change.op == ConfigChange::Op::kSubtract;
    if (on_list && def->type != ConfigType::kList) {
      result.error = refuse(
          ErrorCode::kInvalidConfig,
          fmt::format("Can't {} to key {} because its type is not LIST.",
                      change.op == ConfigChange::Op::kAppend ? "APPEND" : "SUBTRACT", change.name));
      return result;
    }
    if (is_null(change.value)) {
      result.error = refuse(ErrorCode::kInvalidRequest,
                            fmt::format("Null value not supported for : {}", change.name));
      return result;
    }
    const std::string value =
        on_list ? changed_list(effective(*def, result.values), change) : std::string(change.value);
    const Result<void> good = check_config_value(*def, value);
    if (!good) {
      result.error = refuse(ErrorCode::kInvalidConfig, std::string(good.error().message()));
      return result;
    }
    result.values.insert_or_assign(std::string(change.name), value);
  }
  return result;
}

}  // namespace

NewTopicResult create_topic(Node& node, const NewTopic& topic, bool only_check) {
  NewTopicResult result;
  result.error = check_name(node.topics(), topic.name);
  if (!result.error.ok()) return result;
  std::vector<ConfigChange> changes;
  for (const auto& [name, value] : topic.configs) {
    if (is_null(value)) {
      result.error = refuse(ErrorCode::kInvalidConfig,
                            fmt::format("Null value not supported for topic configs: {}", name));
      return result;
    }
    changes.push_back({name, ConfigChange::Op::kSet, value});
  }
  ConfigChanges configs = change_topic_configs(node, {}, changes);
  result.error = std::move(configs.error);
  if (!result.error.ok()) return result;
  result.error = check_numbers(node, topic, result.partitions);
  if (!result.error.ok()) return result;
  result.overrides = std::move(configs.values);
  if (only_check) return result;
  const Uuid id = Uuid::random();
  MetadataBatch creation;
  const TopicFacts facts = node.facts_of(topic.name, id);
  add_topic(creation, facts);
  add_partitions(creation, facts, 0, result.partitions);
  add_config_changes(creation, ConfigOwner::kTopic, topic.name, {}, result.overrides);
  result.error = node.commit(creation);
  if (!result.error.ok()) return result;
  result.created = &node.topics().create(topic.name, result.partitions, result.overrides, id);
  node.groups().groups().topics_changed();
  ODK_LOG(info, "topic created", kv("topic", topic.name), kv("partitions", result.partitions));
  return result;
}

ApiError check_more_partitions(const Node& node, const Topic& topic, int32_t total) {
  const auto now = static_cast<int32_t>(topic.partitions.size());
  if (total == now) {
    return refuse(ErrorCode::kInvalidPartitions,
                  fmt::format("Topic already has {} partition(s).", now));
  }
  if (total < now) {
    return refuse(ErrorCode::kInvalidPartitions,
                  fmt::format("The topic {} currently has {} partition(s); {} would not be an "
                              "increase.",
                              topic.name, now, total));
  }
  return check_room(node.topics(), total - now);
}

ConfigChanges change_topic_configs(const Node& node, const TopicOverrides& current,
                                   std::span<const ConfigChange> changes) {
  const Settings& settings = node.settings();
  ConfigChanges changed =
      change_configs(current, changes, find_topic_config,
                     [&settings](const ConfigDef& def, const TopicOverrides& values) {
                       return settings.topic_get(def, values).value.value_or("");
                     });
  if (changed.error.ok() && settings.topic_long("min.compaction.lag.ms", changed.values) >
                                settings.topic_long("max.compaction.lag.ms", changed.values)) {
    changed.error = refuse(ErrorCode::kInvalidConfig,
                           "conflicting values: min.compaction.lag.ms is above "
                           "max.compaction.lag.ms");
  }
  return changed;
}

ConfigChanges change_group_configs(const Node& node, std::string_view group,
                                   const TopicOverrides& current,
                                   std::span<const ConfigChange> changes) {
  const Settings& settings = node.settings();
  ConfigChanges changed = change_configs(
      current, changes, find_group_config, [&](const ConfigDef& def, const TopicOverrides& values) {
        const auto found = values.find(def.name);
        return found != values.end() ? found->second
                                     : settings.group_get(def, group).value.value_or("");
      });
  if (!changed.error.ok()) return changed;
  std::map<std::string_view, int64_t> values;
  for (const ConfigDef& def : group_config_defs()) {
    const auto found = changed.values.find(def.name);
    values[def.name] = found != changed.values.end() ? config_long(found->second)
                                                     : settings.get_long(def.broker_name);
    if (found == changed.values.end()) continue;
    const std::string name(def.name.substr(std::string_view("consumer.").size()));
    const std::string least = "group.consumer.min." + name;
    const std::string most = "group.consumer.max." + name;
    if (values[def.name] < settings.get_long(least)) {
      changed.error =
          refuse(ErrorCode::kInvalidConfig,
                 fmt::format("{} must be greater than or equal to {}", def.name, least));
    } else if (values[def.name] > settings.get_long(most)) {
      changed.error = refuse(ErrorCode::kInvalidConfig,
                             fmt::format("{} must be less than or equal to {}", def.name, most));
    }
  }
  if (changed.error.ok() &&
      values["consumer.session.timeout.ms"] <= values["consumer.heartbeat.interval.ms"]) {
    changed.error = refuse(ErrorCode::kInvalidConfig,
                           "consumer.session.timeout.ms must be greater than "
                           "consumer.heartbeat.interval.ms");
  }
  return changed;
}

ConfigChanges change_broker_configs(const TopicOverrides& current,
                                    std::span<const ConfigChange> changes) {
  // Kafka takes any key here: plug-ins may know it. We have none, and let it go.
  std::vector<ConfigChange> known(changes.begin(), changes.end());
  std::erase_if(
      known, [](const ConfigChange& change) { return find_broker_config(change.name) == nullptr; });
  std::vector<std::string_view> fixed;
  for (const ConfigChange& change : known) {
    const bool is_fixed = !find_broker_config(change.name)->dynamic;
    if (is_fixed && change.op != ConfigChange::Op::kDelete) fixed.push_back(change.name);
  }
  if (!fixed.empty()) {
    ConfigChanges refused;
    refused.error = refuse(
        ErrorCode::kInvalidRequest,
        fmt::format("Cannot update these configs dynamically: [{}]", fmt::join(fixed, ", ")));
    return refused;
  }
  ConfigChanges changed = change_configs(
      current, known, find_broker_config, [](const ConfigDef& def, const TopicOverrides& values) {
        const auto found = values.find(def.name);
        if (found != values.end()) return found->second;
        return std::string(def.default_value == nullptr ? "" : def.default_value);
      });
  // Where a topic's configuration is invalid, a broker's request is.
  if (changed.error.code == ErrorCode::kInvalidConfig) {
    changed.error.code = ErrorCode::kInvalidRequest;
  }
  return changed;
}

}  // namespace odradek::broker
