#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backup/archive/lease.h"
#include "backup/engine/backup_options.h"

namespace odradek::backup {

// One run of a backup, in cycles. Each cycle: positions of the groups first, then the end offsets,
// then everything up to exactly those, so that no group is ahead of its data; its end is a restore
// point. Goes on where the archive ends. One loop.
class BackupJob {
 public:
  // Borrows everything.
  BackupJob(cluster::Cluster& cluster, store::ObjectStore& store, io::WorkerPool& workers,
            Clock& clock, BackupOptions options);
  BackupJob(const BackupJob&) = delete;
  BackupJob& operator=(const BackupJob&) = delete;
  ~BackupJob();

  // Errors: kAlreadyExists (lease held), kFenced, kPrecondition (topic created again or hanging
  // transaction, where that is told to fail; another isolation level), kNotFound (a topic that was
  // named), kChecksum and kMalformed (archive or source damaged), kIo (store), what the cluster
  // answers.
  io::Task<Result<BackupReport>> run();

  // Makes run() commit what it has and return. On the loop.
  void stop();

  // On the loop.
  BackupStatus status() const;
  void set_rate_limits(uint64_t bytes_per_second, uint64_t records_per_second);

 private:
  io::Task<Result<void>> probe_store();
  struct SelectedTopic {
    TopicFacts facts;
    std::vector<int32_t> partitions;
    int64_t message_bytes_max = 0;
  };
  struct PlannedPartition {
    PartitionStatus status;
    PartitionCopier* copier = nullptr;  // none: nothing new
  };
  // What one cycle knows; the next begins empty.
  struct Cycle {
    TimestampMs at = 0;
    std::vector<SelectedTopic> topics{};
    std::vector<TopicPartition> asked{};  // every selected partition
    std::vector<PlannedPartition> partitions{};
    std::vector<std::unique_ptr<PartitionCopier>> copiers{};
    GroupsSnapshot groups{};
    ClusterSnapshot cluster{};
    std::string groups_key{};
    std::string cluster_key{};
    size_t next_copier = 0;
    size_t running = 0;
    bool source_changed = false;  // a log was not the one that was planned
  };

  // backup_job.cc: the run
  io::Task<Result<BackupReport>> run_with_lease();
  io::Task<Result<void>> run_cycles();
  io::Task<Result<void>> run_cycle();
  io::Task<Result<void>> copy_all();
  io::Task<void> copy_some();
  io::Task<Result<void>> wait(Duration time);
  bool is_another_cycle_due() const;

  // backup_plan.cc: what a cycle is to copy
  io::Task<Result<void>> plan_cycle();
  io::Task<Result<void>> plan_with_retries();
  io::Task<Result<void>> select_topics();
  io::Task<Result<void>> choose_incarnations();
  io::Task<Result<std::set<std::string>>> truncated_topics();
  Result<void> begin_incarnation(SelectedTopic& topic, std::string why);
  io::Task<Result<void>> capture_groups();
  io::Task<Result<void>> capture_cluster();
  io::Task<Result<void>> plan_copies();
  void add_copy(const SelectedTopic& topic, PlannedPartition& planned);
  io::Task<Result<void>> check_open_transactions(const TopicPartition& partition, int64_t lag);
  void warn_once(std::string warning);

  // backup_commits.cc: what becomes durable
  io::Task<Result<void>> commit_facts();
  io::Task<Result<void>> commit_regularly();
  io::Task<Result<void>> commit_finished(bool is_restore_point);
  io::Task<Result<void>> put_snapshots(Commit& commit);
  bool is_worth_a_restore_point() const;
  io::Task<Result<void>> append(Commit commit);
  io::Task<Result<void>> renew_lease();
  void note_gaps(const PartitionChange& change);
  // Blocking work on the store, tried again while the store is away.
  io::Task<Result<void>> on_store(std::function<Result<void>()> work);

  Source source_;
  cluster::Cluster* cluster_;
  store::ObjectStore* store_;
  io::WorkerPool* workers_;
  Clock* clock_;
  BackupOptions options_;
  ArchiveKeys keys_;
  Fencing fencing_ = Fencing::kStrong;
  ByteBudget budget_;
  Breakers breakers_;
  RateLimit bytes_rate_;
  RateLimit records_rate_;
  std::unique_ptr<Lease> lease_;
  std::unique_ptr<CommitLog> log_;
  Cycle cycle_;
  CopyCounters copied_before_;  // of earlier cycles
  std::string phase_ = "planning";
  // Texts of the last restore point's snapshots, without their time: to see what changed.
  std::string last_groups_;
  std::string last_cluster_;
  MonotonicTime cycle_started_{};
  MonotonicTime renewed_at_{};
  TimestampMs last_commit_at_ = 0;
  std::shared_ptr<obs::Histogram> commit_seconds_ = std::make_shared<obs::Histogram>();
  io::Event progress_;
  Result<void> failure_;
  BackupReport report_;
  uint64_t gap_offsets_ = 0;
  std::set<std::string> warned_;
  bool stopping_ = false;
};

}  // namespace odradek::backup
