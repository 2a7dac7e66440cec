#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/node.h"

namespace odradek::config {

// The value of an environment variable, or nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

struct YamlLimits {
  size_t max_bytes = 1024 * 1024;
  size_t max_nodes = 100'000;  // aliases count as often as they are used
  int max_depth = 64;
};

// Replaces ${NAME} by the variable and ${NAME:-default} by the default when the variable is unset
// or empty. "$${" stands for a literal "${"; any other '$' for itself. Nothing inside the value or
// the default is replaced again. Errors: kInvalidArgument, in words that follow a place.
Result<std::string> expand_variables(std::string_view text, const Environment& environment);

// Reads one YAML document and expands variables in its values (not in its keys). `name` stands for
// the file in errors. An empty document is an empty section. Hostile input is bounded: size,
// nesting, and what aliases multiply. Errors: kConfig, "name:line: what is wrong".
Result<ConfigNode> parse_yaml(std::string_view text, const std::string& name,
                              const Environment& environment, const YamlLimits& limits = {});

// The same from a file. Errors also: kConfig "cannot read FILE: No such file or directory".
Result<ConfigNode> load_yaml(const std::string& path, const Environment& environment,
                             const YamlLimits& limits = {});

}  // namespace odradek::config
