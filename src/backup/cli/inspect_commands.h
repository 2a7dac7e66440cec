#pragma once

#include "backup/cli/settings.h"
#include "backup/inspect/describe.h"
#include "backup/inspect/validate.h"

// Commands that only read the store. Each prints its answer and gives the exit code.
namespace odradek::backup {

Result<int> run_list(const Settings& settings, OutputFormat format);
Result<int> run_describe(const Settings& settings, OutputFormat format);
// Exit code 5 when something is wrong with the archive.
Result<int> run_validate(const Settings& settings, OutputFormat format, ValidateDepth depth);

}  // namespace odradek::backup
