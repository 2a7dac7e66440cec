#pragma once

#include <string>
#include <vector>

#include "backup/archive/archive.h"
#include "base/clock.h"

namespace odradek::backup {

struct GcOptions {
  bool dry_run = true;
  // A segment younger than this is kept, whoever wrote it: its commit may be on its way.
  Duration age_min = std::chrono::hours(24);
};

struct GcReport {
  std::vector<std::string> keys;  // removed, or to be removed
  uint64_t bytes = 0;
  uint64_t kept_young = 0;
};

// Removes what runs that were killed left: segments, snapshots and manifest parts that no state
// names. Holds the lease meanwhile, so it never runs beside a backup; refuses an archive whose
// state cannot be read. Blocking. Errors: kAlreadyExists (lease), kNotFound, kMalformed, kChecksum,
// kIo.
Result<GcReport> collect_garbage(store::ObjectStore& store, const ArchiveKeys& keys,
                                 const Clock& clock, GcOptions options);

}  // namespace odradek::backup
