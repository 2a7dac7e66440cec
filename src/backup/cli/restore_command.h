#pragma once

#include "backup/cli/settings.h"
#include "backup/inspect/describe.h"

namespace odradek::backup {

// Restores an archive into a cluster. Prints the report; gives the exit code.
Result<int> run_restore(const Settings& settings, OutputFormat format);

}  // namespace odradek::backup
