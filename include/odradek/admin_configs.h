#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "odradek/admin_result.h"

namespace odradek::kafka {

enum class ResourceType : int8_t {
  topic = 2,
  broker = 4,         // name: its id, or empty for the default of all brokers
  broker_logger = 8,  // name: its id; log levels (KIP-412)
  client_metrics = 16,
  group = 32,
};

struct Resource {
  ResourceType type = ResourceType::topic;
  std::string name{};

  auto operator<=>(const Resource&) const = default;
};

// Where a value comes from, in falling precedence. Numbers of the protocol.
enum class ConfigSource : int8_t {
  unknown = 0,
  topic = 1,
  broker = 2,          // set for one broker at run time
  broker_default = 3,  // set for all brokers at run time
  broker_file = 4,     // its properties file
  built_in = 5,
  broker_logger = 6,
  client_metrics = 7,
  group = 8,
};

enum class ConfigType : int8_t {
  unknown = 0,
  boolean = 1,
  string = 2,
  int32 = 3,
  int16 = 4,
  int64 = 5,
  number = 6,  // floating point
  list = 7,
  class_name = 8,
  password = 9,
};

// A value that would hold were those before it not set.
struct ConfigSynonym {
  std::string name{};
  std::optional<std::string> value{};
  ConfigSource source = ConfigSource::unknown;
};

struct ConfigEntry {
  std::string name{};
  std::optional<std::string> value{};  // none: secret
  bool is_default = false;
  bool is_read_only = false;
  bool is_sensitive = false;
  ConfigSource source = ConfigSource::unknown;
  ConfigType type = ConfigType::unknown;
  std::vector<ConfigSynonym> synonyms{};  // when asked for
  std::string documentation{};            // when asked for
};

struct DescribeConfigsOptions {
  std::vector<std::string> names{};  // empty: all
  bool synonyms = false;
  bool documentation = false;
};

struct ResourceConfigs {
  using Value = std::vector<ConfigEntry>;
  Resource resource{};
  Result<std::vector<ConfigEntry>> result;
};

enum class AlterOperation : int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

struct ConfigChange {
  std::string name{};
  std::optional<std::string> value{};
  AlterOperation operation = AlterOperation::set;
};

struct ResourceChanges {
  Resource resource{};
  std::vector<ConfigChange> changes{};
};

struct ResourceOutcome {
  using Value = void;
  Resource resource{};
  Result<void> result{};
};

}  // namespace odradek::kafka
