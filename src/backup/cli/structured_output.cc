#include "backup/cli/structured_output.h"

#include <nlohmann/json.hpp>

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

// Every text is quoted, as JSON has it, which YAML reads the same.
void put_yaml(std::string& out, const Json& value, size_t indent, bool is_item) {
  const bool is_nested = (value.is_object() || value.is_array()) && !value.empty();
  if (!is_nested) {
    out += value.dump() + "\n";
    return;
  }
  bool is_first = is_item;  // the first key stands beside the dash
  const auto margin = [&out, &is_first, indent] {
    if (!is_first) out.append(indent, ' ');
    is_first = false;
  };
  if (value.is_array()) {
    for (const Json& item : value) {
      margin();
      out += "- ";
      put_yaml(out, item, indent + 2, true);
    }
    return;
  }
  for (const auto& [key, item] : value.items()) {
    margin();
    out += Json(key).dump() + ":";
    const bool opens = (item.is_object() || item.is_array()) && !item.empty();
    out += opens ? "\n" : " ";
    put_yaml(out, item, indent + 2, false);
  }
}

}  // namespace

std::string structured(const std::string& json, OutputFormat format) {
  if (format != OutputFormat::kYaml) return json + "\n";
  std::string out;
  put_yaml(out, Json::parse(json), 0, false);
  return out;
}

}  // namespace odradek::backup
