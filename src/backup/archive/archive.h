#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backup/archive/model.h"
#include "backup/archive/sha256.h"
#include "backup/archive/snapshots.h"
#include "base/clock.h"
#include "store/object_store.h"

namespace odradek::backup {

// What a segment object is called by. `attempt` counts what one copy tried at this offset before:
// an upload whose outcome is not known is never written over.
struct SegmentName {
  std::string_view topic{};
  uint32_t incarnation = 1;
  int32_t partition = 0;
  int64_t first_offset = 0;
  uint32_t writer_epoch = 0;
  uint32_t attempt = 0;
};

// Keys of an archive's objects. Source: docs/formats/backup-commit-log.md.
class ArchiveKeys {
 public:
  explicit ArchiveKeys(std::string backup_id) : root_(std::move(backup_id)) {}

  const std::string& backup_id() const { return root_; }
  std::string manifest() const { return root_ + "/manifest.json"; }
  std::string lease() const { return root_ + "/state/lease.json"; }
  std::string commits_prefix() const { return root_ + "/state/commits/"; }
  std::string commit(uint64_t seq) const;
  std::string topics_prefix() const { return root_ + "/topics/"; }
  std::string groups_prefix() const { return root_ + "/groups/"; }
  std::string cluster_prefix() const { return root_ + "/cluster/"; }
  std::string manifest_parts_prefix() const { return root_ + "/manifest-parts/"; }
  std::string manifest_part(std::string_view sha256_hex) const;
  std::string segment(const SegmentName& name) const;
  // Of the commit that will name it, and of what it holds: read_groups() and read_cluster() check
  // that.
  std::string groups(uint64_t seq, const Sha256& content) const;
  std::string cluster(uint64_t seq, const Sha256& content) const;
  std::string restore(std::string_view restore_id, std::string_view name) const;

 private:
  std::string root_;
};

// The state the archive has now: manifest, and the commits after it. An archive that does not exist
// gives an empty state (through_commit 0). Errors: kMalformed, kChecksum (broken chain),
// kUnsupported, kIo.
Result<ArchiveState> read_archive(store::ObjectStore& store, const ArchiveKeys& keys);
// The same for those that need one: no_backup() when nothing was ever committed.
Result<ArchiveState> read_existing_archive(store::ObjectStore& store, const ArchiveKeys& keys);
// kNotFound, naming store and backup.
Error no_backup(const store::ObjectStore& store, const ArchiveKeys& keys);

// Appends commits for one writer. Loads the state once and follows it from then on.
// Blocking; one thread at a time.
class CommitLog {
 public:
  static Result<std::unique_ptr<CommitLog>> open(store::ObjectStore& store, ArchiveKeys keys,
                                                 uint32_t writer_epoch);

  const ArchiveState& state() const { return state_; }
  const ArchiveKeys& keys() const { return keys_; }
  uint32_t writer_epoch() const { return writer_epoch_; }

  // What the store's probe said; strong unless set.
  void set_fencing(Fencing fencing) { fencing_ = fencing; }

  // Makes the commit durable and applies it. Number, hash of the one before, set and epoch are
  // filled in here. Everything it names must be durable already. kFenced when another writer took
  // this number. May be tried again with the same commit after it failed.
  Result<void> append(Commit commit);
  // Every kCommitsPerManifest commits.
  Result<void> write_manifest_if_due();

  // Writes the manifest, reads it back, then deletes commits but the last kCommitsKept. kFenced
  // when somebody else replaced it meanwhile.
  Result<void> write_manifest();

  // Above it the topics of the manifest go into parts of their own.
  void set_manifest_bytes_max(size_t bytes) { manifest_bytes_max_ = bytes; }

  static constexpr size_t kManifestBytesMax = 16ULL * 1024 * 1024;
  static constexpr uint64_t kCommitsPerManifest = 64;
  static constexpr uint64_t kCommitsKept = 100;

 private:
  CommitLog(store::ObjectStore& store, ArchiveKeys keys, uint32_t writer_epoch)
      : store_(&store), keys_(std::move(keys)), writer_epoch_(writer_epoch) {}

  Result<void> put_commit(const std::string& key, const std::string& text);
  Result<void> put_manifest(const std::string& etag, const std::string& text);
  Result<void> delete_old_commits();
  Result<void> delete_old_parts(const std::vector<std::string>& before,
                                const std::vector<std::string>& now);

  store::ObjectStore* store_;
  ArchiveKeys keys_;
  uint32_t writer_epoch_;
  Fencing fencing_ = Fencing::kStrong;
  ArchiveState state_;
  uint64_t manifest_through_ = 0;
  size_t manifest_bytes_max_ = kManifestBytesMax;
};

}  // namespace odradek::backup
