#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backup/archive/lease.h"
#include "backup/engine/partition_copier.h"
#include "backup/engine/topic_filter.h"

namespace odradek::backup {

struct BackupOptions {
  std::string backup_id;
  NameFilter topics;
  NameFilter groups;
  bool capture_groups = true;
  CopyOptions copy;
  size_t partitions_at_once = 4;
  Duration checkpoint_interval = std::chrono::seconds(5);
  std::string restore_point_label;
  std::string owner = "kafka-backup";
  // Called about as often as something changes; for progress bars.
  std::function<void(const struct BackupProgress&)> on_progress;
};

struct BackupProgress {
  uint64_t offsets_done = 0;
  uint64_t offsets_total = 0;  // offsets between the starts and the targets
  uint64_t raw_bytes = 0;
  uint64_t records = 0;
};

struct BackupReport {
  size_t topics = 0;
  size_t partitions = 0;
  size_t groups = 0;
  CopyCounters copied;
  uint64_t through_commit = 0;
  // Gaps found by this run behind the first backup of their partition: offsets that were lost.
  std::vector<std::string> gaps;
  bool was_stopped = false;
};

// One run of a backup: positions of the groups first, then the end offsets, then everything up to
// exactly those, so that no group is ahead of its data. Goes on where the archive ends. One loop.
class BackupJob {
 public:
  // Borrows everything.
  BackupJob(cluster::Cluster& cluster, store::ObjectStore& store, io::WorkerPool& workers,
            Clock& clock, BackupOptions options);
  BackupJob(const BackupJob&) = delete;
  BackupJob& operator=(const BackupJob&) = delete;
  ~BackupJob();

  // Errors: kAlreadyExists (lease held), kFenced, kPrecondition (log truncated), kNotFound (a topic
  // that was named), kChecksum and kMalformed (archive or source damaged), kIo (store), what the
  // cluster answers.
  io::Task<Result<BackupReport>> run();

  // Makes run() commit what it has and return. On the loop.
  void stop();

 private:
  struct SelectedTopic {
    TopicFacts facts;
    std::vector<int32_t> partitions;
  };

  io::Task<Result<BackupReport>> run_with_lease();
  io::Task<Result<std::vector<SelectedTopic>>> select_topics();
  io::Task<Result<void>> capture_groups(Commit& first);
  io::Task<Result<void>> plan_copies(std::vector<SelectedTopic> topics);
  io::Task<Result<void>> copy_all();
  io::Task<void> copy_some();
  io::Task<Result<void>> commit_regularly();
  io::Task<Result<void>> commit_finished(bool is_last);
  io::Task<Result<void>> append(Commit commit);
  io::Task<Result<void>> renew_lease();
  uint32_t incarnation_of(const TopicFacts& facts) const;
  void note_gaps(const PartitionChange& change);
  void report_progress() const;

  Source source_;
  cluster::Cluster* cluster_;
  store::ObjectStore* store_;
  io::WorkerPool* workers_;
  Clock* clock_;
  BackupOptions options_;
  ArchiveKeys keys_;
  std::unique_ptr<Lease> lease_;
  std::unique_ptr<CommitLog> log_;
  std::vector<std::unique_ptr<PartitionCopier>> copiers_;
  size_t next_copier_ = 0;
  size_t running_ = 0;
  MonotonicTime renewed_at_{};
  io::Event progress_;
  Result<void> failure_;
  BackupReport report_;
  bool stopping_ = false;
};

}  // namespace odradek::backup
