#pragma once

#include <string>

#include "backup/restore/restore_state.h"
#include "backup/restore/verifier.h"

namespace odradek::backup {

struct VerifyRestoreOptions {
  std::string backup_id;
  std::string restore_id;  // empty: the newest finished restore into the cluster
  VerifyOptions verify;
};

struct VerifyRestoreReport {
  std::string restore_id;
  size_t topics = 0;
  VerifyCounters counters;
  std::vector<std::string> differences;  // one for each unit that has one
};

// Compares a finished restore with the archive again, at any later time. Errors: kNotFound (no
// such restore), the archive's, what the cluster answers; what differs is in the report.
io::Task<Result<VerifyRestoreReport>> verify_restore(cluster::Cluster& cluster,
                                                     store::ObjectStore& store,
                                                     io::WorkerPool& workers,
                                                     VerifyRestoreOptions options);

// The restore with this id, or the newest finished one into the cluster. kNotFound.
Result<RestoreState> find_restore(store::ObjectStore& store, const ArchiveKeys& keys,
                                  const std::string& restore_id, const std::string& cluster_id);

}  // namespace odradek::backup
