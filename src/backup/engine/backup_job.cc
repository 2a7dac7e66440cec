#include "backup/engine/backup_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "backup/archive/failpoint.h"
#include "base/log.h"

namespace odradek::backup {
namespace {

// A source that changes while it is looked at is looked at again at once, but not for ever.
constexpr uint64_t kCyclesToSettle = 10;

}  // namespace

uint64_t BackupStatus::offsets_total() const {
  uint64_t total = 0;
  for (const PartitionStatus& p : partitions) total += static_cast<uint64_t>(p.target - p.start);
  return total;
}

uint64_t BackupStatus::offsets_done() const {
  uint64_t done = 0;
  for (const PartitionStatus& p : partitions) {
    done += static_cast<uint64_t>(std::clamp(p.position, p.start, p.target) - p.start);
  }
  return done;
}

BackupJob::BackupJob(cluster::Cluster& cluster, store::ObjectStore& store, io::WorkerPool& workers,
                     Clock& clock, BackupOptions options)
    : source_(cluster),
      cluster_(&cluster),
      store_(&store),
      workers_(&workers),
      clock_(&clock),
      options_(std::move(options)),
      keys_(options_.backup_id),
      budget_(cluster.loop(), options_.memory_budget_bytes),
      breakers_(options_.retry),
      bytes_rate_(options_.bytes_per_second),
      records_rate_(options_.records_per_second),
      progress_(cluster.loop()) {
  const MemoryShare share =
      divide_budget(options_.memory_budget_bytes, options_.partitions_at_once,
                    options_.copy.segment.frame_bytes, options_.copy.fetch.max_bytes);
  options_.partitions_at_once = share.partitions;
  options_.copy.segment.frame_bytes = share.frame_bytes;
  options_.copy.fetch.max_bytes = share.fetch_bytes;
  options_.copy.segment_hold_bytes = share.segment_hold_bytes;
}

BackupJob::~BackupJob() = default;

void BackupJob::stop() {
  stopping_ = true;
  phase_ = "stopping";
  for (const auto& copier : cycle_.copiers) copier->stop();
  progress_.notify_all();
}

void BackupJob::set_rate_limits(uint64_t bytes_per_second, uint64_t records_per_second) {
  bytes_rate_.set(bytes_per_second);
  records_rate_.set(records_per_second);
}

// Without create-only puts a writer that was thought dead could replace what another one wrote.
io::Task<Result<void>> BackupJob::probe_store() {
  ODK_CO_TRY(const store::Capabilities can, co_await workers_->run([this] {
    return store::probe(*store_, keys_.backup_id() + "/state/");
  }));
  if (can.enforces_create_only) co_return Result<void>{};
  const std::string warning = fmt::format(
      "{} does not enforce create-only puts: nothing but the lease keeps two writers apart",
      store_->describe());
  ODK_LOG(warn, "weak fencing", kv("reason", warning));
  report_.warnings.push_back(warning);
  fencing_ = Fencing::kWeak;
  co_return Result<void>{};
}

io::Task<Result<BackupReport>> BackupJob::run() {
  ODK_CO_TRY_VOID(co_await probe_store());
  ODK_CO_TRY(lease_, co_await workers_->run([this] {
    return Lease::acquire(*store_, keys_, *clock_, options_.owner);
  }));
  failpoint("lease.acquired");
  renewed_at_ = cluster_->loop().now();
  Result<BackupReport> report = co_await run_with_lease();
  phase_ = "done";
  if (!report && report.error().code() != Errc::kFenced && log_ != nullptr &&
      log_->state().through_commit > 0) {
    const Result<void> closed = co_await workers_->run([this] { return log_->write_manifest(); });
    if (!closed) ODK_LOG(warn, "no manifest", kv("error", closed.error().to_string()));
  }
  // A fenced writer holds nothing to release; the archive is whole either way.
  const Result<void> released = co_await workers_->run([this] { return lease_->release(); });
  if (report && !released) co_return released.error();
  co_return report;
}

io::Task<Result<BackupReport>> BackupJob::run_with_lease() {
  ODK_CO_TRY(log_, co_await workers_->run(
                       [this] { return CommitLog::open(*store_, keys_, lease_->epoch()); }));
  log_->set_fencing(fencing_);
  const Result<void> done = co_await run_cycles();
  if (!done) co_return done.error();
  ODK_CO_TRY_VOID(co_await on_store([this] { return log_->write_manifest(); }));
  report_.copied = copied_before_;
  report_.through_commit = log_->state().through_commit;
  report_.was_stopped = stopping_;
  co_return report_;
}

io::Task<Result<void>> BackupJob::run_cycles() {
  while (true) {
    cycle_started_ = cluster_->loop().now();
    const Result<void> done = co_await run_cycle();
    for (const auto& copier : cycle_.copiers) copied_before_.add(copier->counters());
    cycle_.copiers.clear();
    for (PlannedPartition& planned : cycle_.partitions) planned.copier = nullptr;
    if (!done) co_return done;
    ++report_.cycles;
    if (stopping_) break;
    if (!is_another_cycle_due()) {
      if (!cycle_.source_changed) break;
      // What was copied is committed, but no cycle came to its end.
      co_return Error(Errc::kPrecondition,
                      fmt::format("topics were deleted or truncated in each of {} looks at the "
                                  "cluster: no restore point was made",
                                  report_.cycles));
    }
    if (options_.mode != BackupMode::kContinuous || cycle_.source_changed) continue;
    phase_ = "waiting";
    const Duration left = cycle_started_ + options_.cycle_interval - cluster_->loop().now();
    const Result<void> waited = co_await wait(left);
    if (!waited) co_return waited;
    if (stopping_) break;
  }
  co_return Result<void>{};
}

bool BackupJob::is_another_cycle_due() const {
  if (options_.mode == BackupMode::kContinuous) return true;
  if (report_.cycles >= kCyclesToSettle) return false;
  if (cycle_.source_changed) return true;
  const bool found_something = std::ranges::any_of(
      cycle_.partitions, [](const auto& p) { return p.status.target > p.status.start; });
  return options_.mode == BackupMode::kCatchUp && found_something;
}

// The lease is kept while we wait.
io::Task<Result<void>> BackupJob::wait(Duration time) {
  const MonotonicTime until = cluster_->loop().now() + time;
  while (!stopping_ && cluster_->loop().now() < until) {
    const MonotonicTime next_look =
        std::min(until, cluster_->loop().now() + std::chrono::seconds(1));
    const Result<void> woken = co_await progress_.wait(next_look);
    if (!woken && woken.error().code() != Errc::kTimedOut) co_return woken;
    const Result<void> renewed = co_await renew_lease();
    if (!renewed) co_return renewed;
  }
  co_return Result<void>{};
}

io::Task<Result<void>> BackupJob::run_cycle() {
  phase_ = "planning";
  const Result<void> planned = co_await plan_with_retries();
  if (!planned || stopping_) co_return planned;
  phase_ = "copying";
  const Result<void> known = co_await commit_facts();
  if (!known) co_return known;
  const Result<void> copied = co_await copy_all();
  // What was finished before a failure is kept: the next run goes on behind it.
  const bool is_restore_point = copied && !stopping_ && !cycle_.source_changed;
  const Result<void> committed = co_await commit_finished(is_restore_point);
  if (!copied) co_return copied;
  co_return committed;
}

io::Task<Result<void>> BackupJob::copy_all() {
  io::TaskGroup copying(cluster_->loop());
  const size_t tasks = std::min(options_.partitions_at_once, cycle_.copiers.size());
  cycle_.running = tasks;
  for (size_t i = 0; i < tasks; ++i) copying.spawn(copy_some());
  const Result<void> committed = co_await commit_regularly();
  if (!committed) {
    failure_ = committed;
    for (const auto& copier : cycle_.copiers) copier->stop();
    cycle_.next_copier = cycle_.copiers.size();
  }
  co_await copying.join();
  co_return failure_;
}

// Takes one partition after the other until none is left.
io::Task<void> BackupJob::copy_some() {
  while (!stopping_ && failure_ && cycle_.next_copier < cycle_.copiers.size()) {
    PartitionCopier& copier = *cycle_.copiers[cycle_.next_copier++];
    const Result<CopyEnd> end = co_await copier.run();
    if (!end && failure_) {
      failure_ = end.error();
      for (const auto& other : cycle_.copiers) other->stop();
    }
    if (end && *end == CopyEnd::kSourceChanged) cycle_.source_changed = true;
    progress_.notify_all();
  }
  --cycle_.running;
  progress_.notify_all();
}

BackupStatus BackupJob::status() const {
  BackupStatus status;
  status.phase = phase_;
  status.cycles = report_.cycles;
  status.copied = copied_before_;
  for (const auto& copier : cycle_.copiers) status.copied.add(copier->counters());
  status.retries = breakers_.retries();
  status.gaps = report_.gaps.size();
  status.gap_offsets = gap_offsets_;
  if (log_ != nullptr) status.commit_seq = log_->state().through_commit;
  status.last_commit_at = last_commit_at_;
  status.commit_seconds = commit_seconds_;
  status.memory_used_bytes = budget_.used_bytes();
  for (const auto& [peer, breaker] : breakers_.by_peer()) status.breakers[peer] = breaker.state();
  for (const PlannedPartition& planned : cycle_.partitions) {
    PartitionStatus& partition = status.partitions.emplace_back(planned.status);
    if (planned.copier != nullptr) partition.position = planned.copier->reported_position();
  }
  return status;
}

}  // namespace odradek::backup
