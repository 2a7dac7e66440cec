#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace odradek::broker {

// Numbers as DescribeConfigs v1+ sends them. Source: ConfigResponse.ConfigType of kafka-clients.
enum class ConfigType : int8_t {
  kBoolean = 1,
  kString = 2,
  kInt = 3,
  kShort = 4,
  kLong = 5,
  kDouble = 6,
  kList = 7,
  kClass = 8,
  kPassword = 9,
};

// Where a value comes from, as DescribeConfigs sends it. Source:
// DescribeConfigsResponse.ConfigSource.
enum class ConfigSource : int8_t {
  kTopic = 1,
  kBroker = 2,          // altered for this broker while running
  kClusterDefault = 3,  // altered for all brokers while running
  kStatic = 4,          // given at start
  kDefault = 5,
  kGroup = 8,  // set for one consumer group
};

// What is known of one configuration key.
struct ConfigDef {
  std::string_view name;
  ConfigType type;
  const char* default_value;  // null: not set
  std::string_view broker_name;  // topics: the broker property that gives the default
  bool dynamic;                  // may change while running
  double least;
  double most;
  std::string_view allowed;  // values separated by commas; empty: any
  std::string_view text;     // for people
};

std::span<const ConfigDef> topic_config_defs();
std::span<const ConfigDef> broker_config_defs();
std::span<const ConfigDef> group_config_defs();  // of one consumer group
// Null when there is no such key.
const ConfigDef* find_topic_config(std::string_view name);
const ConfigDef* find_broker_config(std::string_view name);
const ConfigDef* find_group_config(std::string_view name);

// Whether `value` is one for the key; kConfig says why not.
Result<void> check_config_value(const ConfigDef& def, std::string_view value);

// The known name that looks most like `name`, for messages; empty when none does.
std::string_view nearest_broker_config(std::string_view name);

// A value as a number or flag; the value was checked.
int64_t config_long(std::string_view value);
bool config_bool(std::string_view value);
// Is `item` in the comma-separated list?
bool config_list_has(std::string_view list, std::string_view item);

}  // namespace odradek::broker
