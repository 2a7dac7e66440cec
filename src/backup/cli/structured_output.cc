#include "backup/cli/structured_output.h"

#include <nlohmann/json.hpp>

namespace odradek::backup {

std::string structured(const std::string& json, OutputFormat format) {
  if (format != OutputFormat::kYaml) return json + "\n";
  return render(nlohmann::ordered_json::parse(json), format);
}

}  // namespace odradek::backup
