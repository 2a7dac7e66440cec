#include "backup/cli/inspect_commands.h"

#include <fmt/format.h>

#include <random>

#include "backup/archive/lease.h"
#include "backup/cli/runtime.h"
#include "backup/inspect/rebuild.h"
#include "config/value.h"

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
  ODK_TRY(const ArchiveState archive, read_existing_archive(*store, keys));
  fmt::print("{}", describe_archive(archive, format));
  return 0;
}

Result<int> run_validate(const Settings& settings, OutputFormat format, ValidateOptions options) {
  constexpr int kExitInvalid = 5;
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  options.sample_seed = std::random_device()();
  ODK_TRY(const ValidationReport report, validate(*store, keys, options));
  fmt::print("{}", describe_validation(keys.backup_id(), report, format));
  return report.findings.empty() ? 0 : kExitInvalid;
}

Result<int> run_status(const Settings& settings, OutputFormat format) {
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  ODK_TRY(const ArchiveState archive, read_existing_archive(*store, keys));
  ODK_TRY(const LeaseContent lease, read_lease(*store, keys));
  fmt::print("{}", describe_status(archive, lease, SystemClock().wall_ms(), format));
  return 0;
}

Result<int> run_rebuild_manifest(const Settings& settings, OutputFormat format, bool dry_run) {
  constexpr int kExitIncomplete = 6;
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  const SystemClock clock;
  ODK_TRY(const RebuildReport report, rebuild_manifest(*store, keys, clock, dry_run));
  fmt::print("{}", describe_rebuild(report, format));
  return report.unreadable.empty() && report.gaps.empty() ? 0 : kExitIncomplete;
}

Result<int> run_gc(const Settings& settings, OutputFormat format, GcOptions options) {
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  const SystemClock clock;
  ODK_TRY(const GcReport report, collect_garbage(*store, keys, clock, options));
  fmt::print("{}", describe_gc(report, options.dry_run, format));
  return 0;
}

Result<double> parse_share(const std::string& text) {
  const bool is_percent = text.ends_with('%');
  const Result<double> number =
      config::parse_number(is_percent ? text.substr(0, text.size() - 1) : text);
  const double share = !number ? -1 : is_percent ? *number / 100 : *number;
  if (share <= 0 || share > 1) {
    return Error(Errc::kConfig, fmt::format("--sample: \"{}\" is no share such as 5%", text));
  }
  return share;
}

}  // namespace odradek::backup
