#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace odradek::backup {

// Not every command has every format; text and table are for people.
enum class OutputFormat : uint8_t { kText, kJson, kYaml, kTable, kCsv, kShell };

// Is the answer meant for programs?
inline bool is_structured(OutputFormat format) {
  return format == OutputFormat::kJson || format == OutputFormat::kYaml;
}

// The value as JSON or YAML, with a newline at its end.
std::string render(const nlohmann::ordered_json& value, OutputFormat format);

}  // namespace odradek::backup
