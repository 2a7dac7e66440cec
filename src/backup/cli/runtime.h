#pragma once

#include <memory>

#include "backup/archive/archive.h"
#include "backup/cli/settings.h"
#include "io/loop.h"
#include "io/worker_pool.h"
#include "store/object_store.h"

// What the commands of the program share.
namespace odradek::backup {

inline constexpr size_t kWorkerThreads = 2;

// What commands that speak to a cluster run with. The cluster must be stopped before it goes.
struct Runtime {
  SystemClock clock;
  io::Loop loop{clock};
  io::WorkerPool workers{loop, kWorkerThreads};
};

// The store of the archives. Errors: kConfig, kIo.
Result<std::unique_ptr<store::ObjectStore>> open_store(const Settings& settings);
// The names of the archive's objects. Errors: kConfig when it is not named.
Result<ArchiveKeys> archive_keys(const Settings& settings);

// Zero when `whole` is.
inline double per(double amount, double whole) { return whole == 0 ? 0 : amount / whole; }

// The exit code of a failed command (docs/exit-codes.md).
int exit_code_of(const Error& error);

}  // namespace odradek::backup
