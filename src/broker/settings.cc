#include "broker/settings.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "base/assert.h"

namespace odradek::broker {
namespace {

struct OldUnit {
  std::string_view topic_key;
  std::string_view property;
  int64_t ms;
};
// Broker properties that give a topic's milliseconds in another unit, the stronger first.
constexpr OldUnit kOldUnits[] = {
    {"retention.ms", "log.retention.minutes", 60'000},
    {"retention.ms", "log.retention.hours", 3'600'000},
    {"segment.ms", "log.roll.hours", 3'600'000},
    {"segment.jitter.ms", "log.roll.jitter.hours", 3'600'000},
};

const std::string* value_in(const TopicOverrides& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

// The authorizer's own properties, which Kafka's table does not have: never described.
bool is_of_authorizer(std::string_view name) {
  return name == "super.users" || name == "allow.everyone.if.no.acl.found";
}

// listener.name.NAME.KEY and MECHANISM.KEY mean KEY, for one listener or SASL mechanism.
std::string_view unprefixed(std::string_view name) {
  constexpr std::string_view kListener = "listener.name.";
  constexpr std::string_view kMechanisms[] = {"plain.", "scram-sha-256.", "scram-sha-512.",
                                              "oauthbearer.", "gssapi."};
  if (name.starts_with(kListener)) {
    const size_t dot = name.find('.', kListener.size());
    if (dot == std::string_view::npos) return name;
    name.remove_prefix(dot + 1);
  }
  for (const std::string_view mechanism : kMechanisms) {
    if (name.starts_with(mechanism)) return name.substr(mechanism.size());
  }
  return name;
}

}  // namespace

bool is_broker_property(std::string_view name) {
  return find_broker_config(unprefixed(name)) != nullptr || is_of_authorizer(name);
}

Settings::Settings(Profile profile) {
  if (profile != Profile::kDev) return;
  profile_ = {{"group.consumer.assignment.interval.ms", "0"},
              {"group.initial.rebalance.delay.ms", "0"},
              {"log.retention.check.interval.ms", "1000"},
              {"offsets.topic.num.partitions", "1"},
              {"offsets.topic.replication.factor", "1"},
              {"transaction.state.log.num.partitions", "1"},
              {"transaction.state.log.replication.factor", "1"},
              {"transaction.state.log.min.isr", "1"}};
}

Result<void> Settings::set_static(std::string_view name, std::string_view value) {
  const ConfigDef* def = find_broker_config(unprefixed(name));
  if (def == nullptr && is_of_authorizer(name)) {
    static_.insert_or_assign(std::string(name), std::string(value));
    return {};
  }
  if (def == nullptr) {
    const std::string_view nearest = nearest_broker_config(name);
    return Error(Errc::kConfig, fmt::format("unknown broker property {}{}{}", name,
                                            nearest.empty() ? "" : "; did you mean ", nearest));
  }
  ODK_TRY_VOID(check_config_value(*def, value));
  static_.insert_or_assign(std::string(name), std::string(value));
  return {};
}

std::optional<std::string> Settings::given(std::string_view name) const {
  const std::string* value = value_in(static_, name);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

void Settings::set_fact(std::string_view name, std::string value) {
  ODK_ASSERT(find_broker_config(name) != nullptr, "{}", name);
  static_.insert_or_assign(std::string(name), std::move(value));
}

void Settings::set_dynamic(std::string_view name, std::optional<std::string> value,
                           bool cluster_wide) {
  TopicOverrides& level = cluster_wide ? cluster_dynamic_ : broker_dynamic_;
  if (value) {
    level.insert_or_assign(std::string(name), *std::move(value));
  } else if (const auto found = level.find(name); found != level.end()) {
    level.erase(found);
  }
}

void Settings::clear_dynamic() {
  broker_dynamic_.clear();
  cluster_dynamic_.clear();
  groups_.clear();
}

std::string Settings::default_of(const ConfigDef& def) const {
  const std::string* ours = value_in(profile_, def.name);
  return ours != nullptr ? *ours : def.default_value;
}

std::vector<ConfigSynonym> Settings::synonyms(const ConfigDef& def) const {
  std::vector<ConfigSynonym> levels;
  if (const std::string* value = value_in(broker_dynamic_, def.name)) {
    levels.push_back({def.name, *value, ConfigSource::kBroker});
  }
  if (const std::string* value = value_in(cluster_dynamic_, def.name)) {
    levels.push_back({def.name, *value, ConfigSource::kClusterDefault});
  }
  if (const std::string* value = value_in(static_, def.name)) {
    levels.push_back({def.name, *value, ConfigSource::kStatic});
  }
  if (def.default_value != nullptr) {
    levels.push_back({def.name, default_of(def), ConfigSource::kDefault});
  }
  return levels;
}

ConfigValue Settings::get(const ConfigDef& def) const {
  const std::vector<ConfigSynonym> levels = synonyms(def);
  if (levels.empty()) return {};
  return {levels.front().value, levels.front().source};
}

int64_t Settings::get_long(std::string_view name) const {
  const ConfigDef* def = find_broker_config(name);
  ODK_ASSERT(def != nullptr, "{}", name);
  return config_long(get(*def).value.value_or("0"));
}

bool Settings::get_bool(std::string_view name) const {
  const ConfigDef* def = find_broker_config(name);
  ODK_ASSERT(def != nullptr, "{}", name);
  return config_bool(get(*def).value.value_or("false"));
}

double Settings::get_double(std::string_view name) const {
  const ConfigDef* def = find_broker_config(name);
  ODK_ASSERT(def != nullptr, "{}", name);
  return std::strtod(get(*def).value.value_or("0").c_str(), nullptr);
}

// A value in minutes or hours, if one was given at start.
std::optional<std::string> Settings::old_unit(std::string_view topic_key,
                                              ConfigSource& source) const {
  for (const OldUnit& unit : kOldUnits) {
    if (unit.topic_key != topic_key) continue;
    const std::string* given = value_in(static_, unit.property);
    if (given == nullptr) continue;
    source = ConfigSource::kStatic;
    const int64_t value = config_long(*given);
    return std::to_string(value < 0 ? value : value * unit.ms);
  }
  return std::nullopt;
}

std::vector<ConfigSynonym> Settings::topic_synonyms(const ConfigDef& def,
                                                    const TopicOverrides& overrides) const {
  std::vector<ConfigSynonym> levels;
  if (const std::string* value = value_in(overrides, def.name)) {
    levels.push_back({def.name, *value, ConfigSource::kTopic});
  }
  if (def.broker_name.empty()) return levels;
  for (ConfigSynonym& level : synonyms(*find_broker_config(def.broker_name))) {
    levels.push_back(std::move(level));
  }
  return levels;
}

ConfigValue Settings::topic_get(const ConfigDef& def, const TopicOverrides& overrides) const {
  const std::vector<ConfigSynonym> levels = topic_synonyms(def, overrides);
  if (!levels.empty()) return {levels.front().value, levels.front().source};
  ConfigSource source = ConfigSource::kDefault;
  if (std::optional<std::string> value = old_unit(def.name, source)) {
    return {std::move(value), source};
  }
  return {def.default_value, ConfigSource::kDefault};
}

int64_t Settings::topic_long(std::string_view name, const TopicOverrides& overrides) const {
  const ConfigDef* def = find_topic_config(name);
  ODK_ASSERT(def != nullptr, "{}", name);
  return config_long(topic_get(*def, overrides).value.value_or("0"));
}

const TopicOverrides& Settings::group_overrides(std::string_view group) const {
  static const TopicOverrides none;
  const auto found = groups_.find(group);
  return found == groups_.end() ? none : found->second;
}

void Settings::set_group_overrides(std::string_view group, TopicOverrides overrides) {
  if (overrides.empty()) {
    groups_.erase(std::string(group));
  } else {
    groups_.insert_or_assign(std::string(group), std::move(overrides));
  }
}

std::vector<ConfigSynonym> Settings::group_synonyms(const ConfigDef& def,
                                                    std::string_view group) const {
  std::vector<ConfigSynonym> levels;
  if (const std::string* value = value_in(group_overrides(group), def.name)) {
    levels.push_back({def.name, *value, ConfigSource::kGroup});
  }
  for (ConfigSynonym& level : synonyms(*find_broker_config(def.broker_name))) {
    levels.push_back(std::move(level));
  }
  return levels;
}

ConfigValue Settings::group_get(const ConfigDef& def, std::string_view group) const {
  const std::vector<ConfigSynonym> levels = group_synonyms(def, group);
  return {levels.front().value, levels.front().source};
}

int64_t Settings::group_long(std::string_view name, std::string_view group) const {
  const ConfigDef* def = find_group_config(name);
  ODK_ASSERT(def != nullptr, "{}", name);
  return config_long(group_get(*def, group).value.value_or("0"));
}

log::LogConfig Settings::log_config(const TopicOverrides& overrides) const {
  const auto text = [&](std::string_view name) {
    return topic_get(*find_topic_config(name), overrides).value.value_or("");
  };
  const auto number = [&](std::string_view name) { return topic_long(name, overrides); };
  log::LogConfig config;
  config.max_message_bytes = static_cast<int32_t>(number("max.message.bytes"));
  config.segment_bytes = static_cast<int32_t>(number("segment.bytes"));
  config.segment_ms = number("segment.ms");
  config.segment_jitter_ms = number("segment.jitter.ms");
  config.index_interval_bytes = static_cast<int32_t>(number("index.interval.bytes"));
  config.index_bytes_max = static_cast<int32_t>(number("segment.index.bytes"));
  config.file_delete_delay_ms = number("file.delete.delay.ms");
  config.dirty_ratio_min = std::strtod(text("min.cleanable.dirty.ratio").c_str(), nullptr);
  config.compaction_lag_min_ms = number("min.compaction.lag.ms");
  config.compaction_lag_max_ms = number("max.compaction.lag.ms");
  config.delete_retention_ms = number("delete.retention.ms");
  config.retention_ms = number("retention.ms");
  config.retention_bytes = number("retention.bytes");
  const std::string policy = text("cleanup.policy");
  config.delete_old = config_list_has(policy, "delete");
  config.compact = config_list_has(policy, "compact");
  config.timestamp_type = text("message.timestamp.type") == "LogAppendTime"
                              ? wire::TimestampType::kLogAppendTime
                              : wire::TimestampType::kCreateTime;
  config.timestamp_before_max_ms = number("message.timestamp.before.max.ms");
  config.timestamp_after_max_ms = number("message.timestamp.after.max.ms");
  const std::string codec = text("compression.type");
  if (codec == "uncompressed") {
    config.codec = wire::Codec::kNone;
  } else if (codec != "producer") {
    config.codec = wire::codec_from_name(codec);
    if (codec != "snappy") {
      config.codec_level = static_cast<int>(number(fmt::format("compression.{}.level", codec)));
    }
    if (codec == "gzip" && config.codec_level < 0) config.codec_level = wire::kDefaultLevel;
  }
  return config;
}

GroupConfig Settings::group_config() const {
  const auto ms = [this](std::string_view name) {
    return Duration(std::chrono::milliseconds(get_long(name)));
  };
  const auto text = [this](std::string_view name) {
    return get(*find_broker_config(name)).value.value_or("");
  };
  GroupConfig config;
  config.session_timeout_min = ms("group.min.session.timeout.ms");
  config.session_timeout_max = ms("group.max.session.timeout.ms");
  config.initial_rebalance_delay = ms("group.initial.rebalance.delay.ms");
  config.consumer_members_max = static_cast<size_t>(get_long("group.consumer.max.size"));
  const std::string assignors = text("group.consumer.assignors");
  config.default_assignor = assignors.starts_with("range") ? "range" : "uniform";
  const std::string policy = text("group.consumer.migration.policy");
  config.may_upgrade = policy == "bidirectional" || policy == "upgrade";
  config.may_downgrade = policy == "bidirectional" || policy == "downgrade";
  config.members_max = static_cast<size_t>(get_long("group.max.size"));
  config.offset_metadata_bytes_max = static_cast<size_t>(get_long("offset.metadata.max.bytes"));
  config.offsets_retention = Duration(std::chrono::minutes(get_long("offsets.retention.minutes")));
  return config;
}

}  // namespace odradek::broker
