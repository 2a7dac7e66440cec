#pragma once

#include <string>
#include <vector>

#include "backup/archive/archive.h"
#include "backup/inspect/validate.h"

namespace odradek::backup {

// Not every command has every format; text is for people.
enum class OutputFormat : uint8_t { kText, kJson, kYaml, kCsv, kShell };

// The ids of every archive in the store.
Result<std::vector<std::string>> list_backups(store::ObjectStore& store);

// For people and for programs: what the store holds, what one archive holds, what a validation
// found.
std::string describe_list(const std::vector<ArchiveState>& archives, OutputFormat format);
std::string describe_archive(const ArchiveState& archive, OutputFormat format);
std::string describe_validation(const std::string& backup_id, const ValidationReport& report,
                                OutputFormat format);

// "2026-11-21T09:00:00Z".
std::string format_time(TimestampMs time);
// "1.5 MB", decimal units.
std::string format_bytes(uint64_t bytes);

}  // namespace odradek::backup
