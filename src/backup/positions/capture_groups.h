#pragma once

#include <string>

#include "backup/archive/archive.h"
#include "backup/engine/source.h"
#include "backup/engine/topic_filter.h"
#include "io/worker_pool.h"

namespace odradek::backup {

struct CaptureOptions {
  std::string backup_id;
  NameFilter groups;
  std::string owner;  // of the lease, for people
};

struct CapturedGroups {
  size_t groups = 0;
  size_t positions = 0;
  uint64_t commit = 0;  // that names them
};

// Captures the positions of a cluster's groups into an archive, without its records: the newest
// snapshot a restore uses. Positions behind what the archive has of a partition are restored to its
// end. Takes the archive's lease. Errors: kNotFound (no such backup), kAlreadyExists (lease held),
// kFenced, kIo, what the cluster answers.
io::Task<Result<CapturedGroups>> capture_groups(cluster::Cluster& cluster,
                                                store::ObjectStore& store, io::WorkerPool& workers,
                                                const Clock& clock, CaptureOptions options);

}  // namespace odradek::backup
