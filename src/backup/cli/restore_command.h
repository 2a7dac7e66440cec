#pragma once

#include "backup/cli/settings.h"
#include "backup/inspect/describe.h"

namespace odradek::backup {

// Each runs one command, prints its result, and returns the exit code.

// Topics, then the positions of groups; with restore.dry_run only the plan.
Result<int> run_restore(const Settings& settings, OutputFormat format);
// The same, but positions must be carried over.
Result<int> run_three_phase_restore(const Settings& settings, OutputFormat format);
// Gives unfinished restores up: their configurations are put back.
Result<int> run_restore_abort(const Settings& settings, OutputFormat format);
// The plan; exit 9 when something stands against it.
Result<int> run_validate_restore(const Settings& settings, OutputFormat format);
// Compares a finished restore with the archive; exit 5 when they differ, 6 when records are gone.
Result<int> run_verify(const Settings& settings, OutputFormat format);

}  // namespace odradek::backup
