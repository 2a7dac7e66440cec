#pragma once

#include "backup/cli/settings.h"
#include "backup/inspect/describe.h"

namespace odradek::backup {

// One run of a backup until it is done, or a signal stops it. Prints the report; gives the exit
// code.
Result<int> run_backup(const Settings& settings, OutputFormat format);

}  // namespace odradek::backup
