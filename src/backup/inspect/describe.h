#pragma once

#include <string>
#include <vector>

#include "backup/archive/archive.h"
#include "backup/archive/lease.h"
#include "backup/inspect/gc.h"
#include "backup/inspect/rebuild.h"
#include "backup/inspect/render.h"
#include "backup/inspect/validate.h"

namespace odradek::backup {

// The ids of every archive in the store.
Result<std::vector<std::string>> list_backups(store::ObjectStore& store);

// For people and for programs: what the store holds, what one archive holds, what a validation
// found.
std::string describe_list(const std::vector<ArchiveState>& archives, OutputFormat format);
std::string describe_archive(const ArchiveState& archive, OutputFormat format);
std::string describe_validation(const std::string& backup_id, const ValidationReport& report,
                                OutputFormat format);

// Who writes, what the newest restore point is; `now` tells whether the lease still holds.
std::string describe_status(const ArchiveState& archive, const LeaseContent& lease, TimestampMs now,
                            OutputFormat format);
std::string describe_rebuild(const RebuildReport& report, OutputFormat format);
std::string describe_gc(const GcReport& report, bool dry_run, OutputFormat format);

// "2026-11-21T09:00:00Z".
std::string format_time(TimestampMs time);
// "1.5 MB", decimal units.
std::string format_bytes(uint64_t bytes);

}  // namespace odradek::backup
