#pragma once

#include <string>

#include "backup/inspect/describe.h"

namespace odradek::backup {

// A JSON text as JSON or YAML (kYaml), with a new line at the end.
std::string structured(const std::string& json, OutputFormat format);

}  // namespace odradek::backup
