#include "backup/cli/runtime.h"

#include <fmt/format.h>

#include "store/file_store.h"

namespace odradek::backup {

Result<std::unique_ptr<store::ObjectStore>> open_store(const Settings& settings) {
  constexpr std::string_view kFileScheme = "file://";
  std::string path = settings.storage_path;
  if (path.empty()) return Error(Errc::kConfig, "storage.path (or --path) is required");
  if (path.starts_with(kFileScheme)) path = path.substr(kFileScheme.size());
  if (path.find("://") != std::string::npos) {
    return Error(Errc::kConfig, fmt::format("storage.path: {} is no folder", path));
  }
  ODK_TRY(std::unique_ptr<store::FileStore> files, store::FileStore::open(path));
  return files;
}

Result<ArchiveKeys> archive_keys(const Settings& settings) {
  if (settings.backup_id.empty()) {
    return Error(Errc::kConfig, "backup_id (or --backup-id) is required");
  }
  if (!store::check_key(settings.backup_id)) {
    return Error(Errc::kConfig, fmt::format("backup_id: \"{}\" is no name", settings.backup_id));
  }
  return ArchiveKeys(settings.backup_id);
}

int exit_code_of(const Error& error) {
  switch (error.code()) {
    case Errc::kConfig:
    case Errc::kInvalidArgument:
    case Errc::kNotFound: return 2;
    case Errc::kNetwork:
    case Errc::kTimedOut:
    case Errc::kClosed:
    case Errc::kAuthentication:
    case Errc::kTls:
    case Errc::kServer: return 3;
    case Errc::kIo: return 4;
    case Errc::kMalformed:
    case Errc::kChecksum: return 5;
    case Errc::kAlreadyExists: return 7;
    case Errc::kFenced: return 8;
    case Errc::kPrecondition: return 9;
    default: return 1;
  }
}

}  // namespace odradek::backup
