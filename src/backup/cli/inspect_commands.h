#pragma once

#include "backup/cli/settings.h"
#include "backup/inspect/describe.h"
#include "backup/inspect/gc.h"
#include "backup/inspect/validate.h"

// Commands that only read the store. Each prints its answer and gives the exit code.
namespace odradek::backup {

Result<int> run_list(const Settings& settings, OutputFormat format);
Result<int> run_describe(const Settings& settings, OutputFormat format);
// Exit code 5 when something is wrong with the archive.
Result<int> run_validate(const Settings& settings, OutputFormat format, ValidateOptions options);
// Who writes the archive, and how far it got.
Result<int> run_status(const Settings& settings, OutputFormat format);
// Exit code 6 when offsets or segments were left out.
Result<int> run_rebuild_manifest(const Settings& settings, OutputFormat format, bool dry_run);
Result<int> run_gc(const Settings& settings, OutputFormat format, GcOptions options);

// "5%" and "0.05" are both a twentieth. Errors: kConfig.
Result<double> parse_share(const std::string& text);

}  // namespace odradek::backup
