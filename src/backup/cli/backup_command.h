#pragma once

#include <functional>

#include "backup/cli/settings.h"
#include "backup/inspect/render.h"

namespace odradek::backup {

// Reads the configuration again, as it was read first.
using ReloadSettings = std::function<Result<Settings>()>;

// A backup until it is done, or a signal stops it. TERM and INT commit what is finished (a second
// one ends at once), HUP reads the rate limits again, USR1 prints the status. Prints the report;
// gives the exit code.
Result<int> run_backup(const Settings& settings, OutputFormat format, const ReloadSettings& reload);

}  // namespace odradek::backup
