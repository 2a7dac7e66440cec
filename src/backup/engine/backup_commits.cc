#include <fmt/format.h>

#include <algorithm>

#include "backup/archive/failpoint.h"
#include "backup/engine/backup_job.h"
#include "base/log.h"

namespace odradek::backup {
namespace {

constexpr const char* kStorePeer = "store";

std::string_view isolation_name(IsolationLevel isolation) {
  return isolation == IsolationLevel::kReadCommitted ? kReadCommittedName : kReadUncommittedName;
}

// What a snapshot says apart from when.
template <class Snapshot>
std::string timeless(Snapshot snapshot) {
  snapshot.at = 0;
  return to_json(snapshot);
}

}  // namespace

// A store that fails for a while is waited for.
io::Task<Result<void>> BackupJob::on_store(std::function<Result<void>()> work) {
  const MonotonicTime give_up_at = cluster_->loop().now() + options_.retry.deadline;
  for (int failures = 1;; ++failures) {
    const Result<void> done = co_await workers_->run(work);
    const MonotonicTime now = cluster_->loop().now();
    if (done) {
      breakers_.on_success(kStorePeer);
      co_return done;
    }
    if (!is_store_outage(done.error()) || now >= give_up_at) co_return done;
    ODK_LOG(warn, "store failed, trying again", kv("error", done.error().to_string()));
    Duration pause = breakers_.on_failure(kStorePeer, failures, now);
    pause = std::max(pause, breakers_.wait_before(kStorePeer, now));
    // A run that is told to stop tries a little longer to commit what it has.
    if (stopping_) pause = std::min<Duration>(pause, std::chrono::seconds(1));
    const Result<void> slept = co_await io::sleep(cluster_->loop(), pause);
    if (!slept) co_return slept;
  }
}

// Topics that are new or changed, before anything is said of their partitions.
io::Task<Result<void>> BackupJob::commit_facts() {
  Commit commit;
  commit.at = cycle_.at;
  const ArchiveState& state = log_->state();
  for (const SelectedTopic& topic : cycle_.topics) {
    const auto known = state.topics.find({topic.facts.name, topic.facts.incarnation});
    if (known == state.topics.end() || known->second.facts != topic.facts) {
      commit.topics.push_back(topic.facts);
    }
  }
  if (report_.cycles == 0) {
    commit.isolation_level = isolation_name(options_.copy.fetch.isolation);
    commit.source_cluster_id = cycle_.cluster.cluster_id;
  }
  if (commit.topics.empty() && commit.isolation_level.empty()) co_return Result<void>{};
  co_return co_await append(std::move(commit));
}

io::Task<Result<void>> BackupJob::commit_regularly() {
  MonotonicTime next_commit = cluster_->loop().now() + options_.checkpoint_interval;
  while (cycle_.running > 0) {
    const MonotonicTime next_look = cluster_->loop().now() + std::chrono::milliseconds(200);
    const Result<void> woken = co_await progress_.wait(next_look);
    if (!woken && woken.error().code() != Errc::kTimedOut) co_return woken;
    if (options_.on_progress) options_.on_progress(status());
    if (cluster_->loop().now() < next_commit) continue;
    const Result<void> committed = co_await commit_finished(/*is_restore_point=*/false);
    if (!committed) co_return committed;
    next_commit = cluster_->loop().now() + options_.checkpoint_interval;
  }
  if (options_.on_progress) options_.on_progress(status());
  co_return Result<void>{};
}

io::Task<Result<void>> BackupJob::commit_finished(bool is_restore_point) {
  const Result<void> renewed = co_await renew_lease();
  if (!renewed) co_return renewed;
  Commit commit;
  commit.at = clock_->wall_ms();
  for (const auto& copier : cycle_.copiers) {
    if (std::optional<PartitionChange> change = copier->take_change()) {
      note_gaps(*change);
      commit.partitions.push_back(*std::move(change));
    }
  }
  if (is_restore_point && (!commit.partitions.empty() || is_worth_a_restore_point())) {
    const Result<void> put = co_await put_snapshots(commit);
    if (!put) co_return put;
    commit.restore_point = options_.restore_point_label;
  }
  if (commit.partitions.empty() && !commit.restore_point) co_return Result<void>{};
  co_return co_await append(std::move(commit));
}

// A continuous backup of an idle cluster must not fill the store with equal restore points.
bool BackupJob::is_worth_a_restore_point() const {
  if (report_.cycles == 0) return true;
  const bool copied_something = std::ranges::any_of(
      cycle_.partitions, [](const auto& p) { return p.status.target > p.status.start; });
  return copied_something || timeless(cycle_.groups) != last_groups_ ||
         timeless(cycle_.cluster) != last_cluster_;
}

io::Task<Result<void>> BackupJob::put_snapshots(Commit& commit) {
  const uint64_t seq = log_->state().through_commit + 1;
  if (options_.capture_groups) {
    ODK_CO_TRY(const Slice packed, pack_snapshot(to_json(cycle_.groups)));
    const std::string key = keys_.groups(seq, sha256_of(packed.bytes()));
    ODK_CO_TRY_VOID(co_await on_store([this, &key, &packed]() -> Result<void> {
      ODK_TRY_VOID(store_->put(key, packed.bytes()));
      return {};
    }));
    commit.groups_key = key;
    failpoint("groups.put");
  }
  ODK_CO_TRY(const Slice packed, pack_snapshot(to_json(cycle_.cluster)));
  const std::string key = keys_.cluster(seq, sha256_of(packed.bytes()));
  ODK_CO_TRY_VOID(co_await on_store([this, &key, &packed]() -> Result<void> {
    ODK_TRY_VOID(store_->put(key, packed.bytes()));
    return {};
  }));
  commit.cluster_key = key;
  last_groups_ = timeless(cycle_.groups);
  last_cluster_ = timeless(cycle_.cluster);
  co_return Result<void>{};
}

void BackupJob::note_gaps(const PartitionChange& change) {
  const auto topic = log_->state().topics.find({change.topic, change.incarnation});
  const bool is_first_backup =
      topic == log_->state().topics.end() || !topic->second.partitions.contains(change.id);
  for (const Gap& gap : change.gaps) {
    // What retention had removed before the first backup was never there to lose.
    if (is_first_backup && gap.start == 0 && gap.reason == GapReason::kRetention) continue;
    ODK_LOG(warn, "offsets are missing in the archive", kv("topic", change.topic),
            kv("partition", change.id), kv("from", gap.start), kv("through", gap.end),
            kv("reason", gap_reason_name(gap.reason)));
    gap_offsets_ += static_cast<uint64_t>(gap.end - gap.start + 1);
    report_.gaps.push_back(fmt::format("{}-{} offsets {}..{}: {}", change.topic, change.id,
                                       gap.start, gap.end, gap_reason_name(gap.reason)));
  }
}

io::Task<Result<void>> BackupJob::append(Commit commit) {
  const MonotonicTime began = cluster_->loop().now();
  const Result<void> appended = co_await on_store([this, &commit] { return log_->append(commit); });
  if (!appended) co_return appended;
  const std::chrono::duration<double> took = cluster_->loop().now() - began;
  commit_seconds_->record(took.count());
  last_commit_at_ = clock_->wall_ms();
  co_return co_await on_store([this] { return log_->write_manifest_if_due(); });
}

io::Task<Result<void>> BackupJob::renew_lease() {
  if (cluster_->loop().now() - renewed_at_ < Lease::kRenewInterval) co_return Result<void>{};
  const Result<void> renewed = co_await workers_->run([this] { return lease_->renew(); });
  renewed_at_ = cluster_->loop().now();
  // While the store is away nobody else can take the lease either; a commit would be refused.
  if (!renewed && is_store_outage(renewed.error())) co_return Result<void>{};
  co_return renewed;
}

}  // namespace odradek::backup
