#include "backup/cli/inspect_commands.h"

#include <fmt/format.h>

#include "backup/cli/runtime.h"

namespace odradek::backup {

Result<int> run_list(const Settings& settings, OutputFormat format) {
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  ODK_TRY(const std::vector<std::string> ids, list_backups(*store));
  std::vector<ArchiveState> archives;
  for (const std::string& id : ids) {
    ODK_TRY(ArchiveState archive, read_archive(*store, ArchiveKeys(id)));
    archives.push_back(std::move(archive));
  }
  fmt::print("{}", describe_list(archives, format));
  return 0;
}

Result<int> run_describe(const Settings& settings, OutputFormat format) {
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  ODK_TRY(const ArchiveState archive, read_archive(*store, keys));
  if (archive.through_commit == 0) {
    return Error(Errc::kNotFound,
                 fmt::format("{} has no backup {}", store->describe(), keys.backup_id()));
  }
  fmt::print("{}", describe_archive(archive, format));
  return 0;
}

Result<int> run_validate(const Settings& settings, OutputFormat format, ValidateDepth depth) {
  constexpr int kExitInvalid = 5;
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  ODK_TRY(const ValidationReport report, validate(*store, keys, depth));
  fmt::print("{}", describe_validation(keys.backup_id(), report, format));
  return report.findings.empty() ? 0 : kExitInvalid;
}

}  // namespace odradek::backup
