#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backup/archive/archive.h"
#include "backup/archive/snapshots.h"

namespace odradek::backup {

// Where the archive stood at one of its restore points.
struct PointInArchive {
  RestorePoint point;
  std::map<std::string, TopicSnapshot> topics;  // by name; others did not exist
};

// Finds a restore point by its commit number, its label (the newest such), or a time (the last
// point up to then). "" and "latest" stand for all the archive has: none. Blocking. Errors:
// kNotFound with the points there are, kUnsupported for a point without a snapshot, read_cluster().
Result<std::optional<PointInArchive>> find_restore_point(store::ObjectStore& store,
                                                         const ArchiveState& archive,
                                                         const std::string& wanted);

}  // namespace odradek::backup
