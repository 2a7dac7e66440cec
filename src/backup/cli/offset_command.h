#pragma once

#include <string>

#include "backup/cli/settings.h"
#include "backup/inspect/describe.h"

namespace odradek::backup {

// Each runs one command about positions of groups, prints its result, and returns the exit code.

// Where groups would stand in the target.
Result<int> run_offset_plan(const Settings& settings, OutputFormat format);
// Sets them there; exit 6 when a group failed, which then has its old positions.
Result<int> run_offset_execute(const Settings& settings, OutputFormat format);
// A shell script for Kafka's own tool.
Result<int> run_offset_script(const Settings& settings, OutputFormat format);
// Captures the positions of the source's groups into the archive.
Result<int> run_snapshot_groups(const Settings& settings, OutputFormat format);
// The offset map of a restore, run by run.
Result<int> run_show_offset_mapping(const Settings& settings, OutputFormat format);

// Snapshots of positions. Those that take an id fail with kNotFound when there is none such.
Result<int> run_rollback_snapshot(const Settings& settings, OutputFormat format);
Result<int> run_rollback_list(const Settings& settings, OutputFormat format);
Result<int> run_rollback_show(const Settings& settings, OutputFormat format, const std::string& id);
Result<int> run_rollback(const Settings& settings, OutputFormat format, const std::string& id);
// Exit 9 when groups do not stand where the snapshot says.
Result<int> run_rollback_verify(const Settings& settings, OutputFormat format,
                                const std::string& id);
Result<int> run_rollback_delete(const Settings& settings, OutputFormat format,
                                const std::string& id);

}  // namespace odradek::backup
