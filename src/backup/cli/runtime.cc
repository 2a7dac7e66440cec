#include "backup/cli/runtime.h"

#include <fmt/format.h>

#include "store/open_store.h"

namespace odradek::backup {

Result<std::unique_ptr<store::ObjectStore>> open_store(const Settings& settings) {
  return store::open_store(settings.storage);
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
  constexpr int kExitStore = 4;
  const bool is_store = store::is_about_store(error);
  switch (error.code()) {
    case Errc::kConfig:
    case Errc::kInvalidArgument:
    case Errc::kNotFound: return 2;
    case Errc::kNetwork:
    case Errc::kTimedOut:
    case Errc::kClosed:
    case Errc::kAuthentication:
    case Errc::kTls:
    case Errc::kServer: return is_store ? kExitStore : 3;
    case Errc::kLimitExceeded: return is_store ? kExitStore : 1;
    case Errc::kIo: return kExitStore;
    case Errc::kMalformed:
    case Errc::kChecksum: return 5;
    case Errc::kAlreadyExists: return 7;
    case Errc::kFenced: return 8;
    case Errc::kPrecondition: return 9;
    default: return 1;
  }
}

}  // namespace odradek::backup
