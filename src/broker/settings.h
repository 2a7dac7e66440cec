#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "broker/config_defs.h"
#include "broker/group/group_types.h"
#include "broker/profile.h"
#include "log/log_config.h"

namespace odradek::broker {

// A configuration value and who says so; the value is null when nobody does.
struct ConfigValue {
  std::optional<std::string> value;
  ConfigSource source = ConfigSource::kDefault;
};

// One level at which a key has a value, the winning one first.
struct ConfigSynonym {
  std::string_view name;
  std::string value;
  ConfigSource source;
};

using TopicOverrides = std::map<std::string, std::string, std::less<>>;

// The broker's configuration: Kafka's properties by their own names, at the levels Kafka has them
// (altered while running, given at start, default), and the topics' derived from them.
// One loop.
class Settings {
 public:
  explicit Settings(Profile profile = Profile::kDev);

  // A property given at start. kConfig: unknown (with the nearest name) or a bad value.
  Result<void> set_static(std::string_view name, std::string_view value);
  // The value given at start, if one was.
  std::optional<std::string> given(std::string_view name) const;
  // What the program itself decides and only tells (listeners, node.id).
  void set_fact(std::string_view name, std::string value);

  // While running, for this broker or for all of them. The value was checked; none: removed.
  void set_dynamic(std::string_view name, std::optional<std::string> value, bool cluster_wide);
  const TopicOverrides& dynamic(bool cluster_wide) const {
    return cluster_wide ? cluster_dynamic_ : broker_dynamic_;
  }
  void clear_dynamic();

  // A broker property's effective value.
  ConfigValue get(const ConfigDef& def) const;
  int64_t get_long(std::string_view name) const;  // the property has a default
  bool get_bool(std::string_view name) const;
  double get_double(std::string_view name) const;
  // All levels that say something about a broker property.
  std::vector<ConfigSynonym> synonyms(const ConfigDef& def) const;

  // A topic's effective value, and the levels below.
  ConfigValue topic_get(const ConfigDef& def, const TopicOverrides& overrides) const;
  std::vector<ConfigSynonym> topic_synonyms(const ConfigDef& def,
                                            const TopicOverrides& overrides) const;
  // What was set for one consumer group; empty when nothing was.
  const TopicOverrides& group_overrides(std::string_view group) const;
  void set_group_overrides(std::string_view group, TopicOverrides overrides);
  // All groups for which something was set.
  const std::map<std::string, TopicOverrides, std::less<>>& groups() const { return groups_; }
  // A group's effective value, and the levels below.
  ConfigValue group_get(const ConfigDef& def, std::string_view group) const;
  std::vector<ConfigSynonym> group_synonyms(const ConfigDef& def, std::string_view group) const;
  int64_t group_long(std::string_view name, std::string_view group) const;

  // What a topic's logs follow.
  log::LogConfig log_config(const TopicOverrides& overrides) const;
  int64_t topic_long(std::string_view name, const TopicOverrides& overrides) const;

  GroupConfig group_config() const;

 private:
  std::string default_of(const ConfigDef& def) const;
  std::optional<std::string> old_unit(std::string_view topic_key, ConfigSource& source) const;

  std::map<std::string, std::string, std::less<>> profile_;
  std::map<std::string, std::string, std::less<>> static_;
  TopicOverrides broker_dynamic_;
  TopicOverrides cluster_dynamic_;
  std::map<std::string, TopicOverrides, std::less<>> groups_;
};

// True for what set_static() takes: Kafka's broker properties, also of one listener or SASL
// mechanism, and the authorizer's own.
bool is_broker_property(std::string_view name);

}  // namespace odradek::broker
