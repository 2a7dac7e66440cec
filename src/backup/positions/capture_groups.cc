#include "backup/positions/capture_groups.h"

#include "backup/archive/lease.h"
#include "backup/archive/snapshots.h"

namespace odradek::backup {
namespace {

// Blocking.
Result<uint64_t> commit_groups(store::ObjectStore& store, const ArchiveKeys& keys,
                               uint32_t writer_epoch, const GroupsSnapshot& snapshot) {
  ODK_TRY(const std::unique_ptr<CommitLog> log, CommitLog::open(store, keys, writer_epoch));
  if (log->state().through_commit == 0) return no_backup(store, keys);
  ODK_TRY(const Slice packed, pack_snapshot(to_json(snapshot)));
  const std::string key = keys.groups(log->state().through_commit + 1, sha256_of(packed.bytes()));
  // A run that died behind this put left the object without a commit: it is replaced.
  ODK_TRY_VOID(store.put(key, packed.bytes()));
  Commit commit;
  commit.at = snapshot.at;
  commit.groups_key = key;
  ODK_TRY_VOID(log->append(std::move(commit)));
  ODK_TRY_VOID(log->write_manifest());
  return log->state().through_commit;
}

}  // namespace

io::Task<Result<CapturedGroups>> capture_groups(cluster::Cluster& cluster,
                                                store::ObjectStore& store, io::WorkerPool& workers,
                                                const Clock& clock, CaptureOptions options) {
  const ArchiveKeys keys(options.backup_id);
  Source source(cluster);
  GroupsSnapshot snapshot;
  snapshot.at = clock.wall_ms();
  ODK_CO_TRY(snapshot.groups, co_await source.groups({}));
  CapturedGroups captured;
  std::erase_if(snapshot.groups, [&options](const GroupState& group) {
    return group.offsets.empty() || !options.groups.matches(group.id);
  });
  captured.groups = snapshot.groups.size();
  for (const GroupState& group : snapshot.groups) captured.positions += group.offsets.size();
  ODK_CO_TRY(const std::unique_ptr<Lease> lease, co_await workers.run([&] {
    return Lease::acquire(store, keys, clock, options.owner);
  }));
  Result<uint64_t> committed =
      co_await workers.run([&] { return commit_groups(store, keys, lease->epoch(), snapshot); });
  const Result<void> released = co_await workers.run([&lease] { return lease->release(); });
  if (!committed) co_return committed.error();
  if (!released) co_return released.error();
  captured.commit = *committed;
  co_return captured;
}

}  // namespace odradek::backup
