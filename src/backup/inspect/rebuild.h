#pragma once

#include <string>
#include <vector>

#include "backup/archive/archive.h"
#include "base/clock.h"

namespace odradek::backup {

struct RebuildReport {
  uint64_t topics = 0;
  uint64_t partitions = 0;
  uint64_t segments = 0;
  uint64_t records = 0;
  std::vector<std::string> unreadable;  // segments left out, and why
  std::vector<std::string> gaps;        // offsets no segment has
  bool is_written = false;
};

// Makes a state from segments alone, each of which says whose it is: for an archive whose manifest
// or commits are damaged. Where segments of crashed runs overlap, those that fit are taken. Reasons
// of gaps and the list of aborted transactions are lost; topic configurations come from the newest
// snapshot that can be read. Unless `dry_run`, holds the lease and replaces the manifest; the old
// one is kept beside it. Blocking. Errors: kNotFound (no segments), kAlreadyExists (lease), kIo.
Result<RebuildReport> rebuild_manifest(store::ObjectStore& store, const ArchiveKeys& keys,
                                       const Clock& clock, bool dry_run);

}  // namespace odradek::backup
