#include "backup/engine/backup_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "backup/archive/archive_json.h"
#include "base/log.h"

namespace odradek::backup {

BackupJob::BackupJob(cluster::Cluster& cluster, store::ObjectStore& store, io::WorkerPool& workers,
                     Clock& clock, BackupOptions options)
    : source_(cluster),
      cluster_(&cluster),
      store_(&store),
      workers_(&workers),
      clock_(&clock),
      options_(std::move(options)),
      keys_(options_.backup_id),
      progress_(cluster.loop()) {}

BackupJob::~BackupJob() = default;

void BackupJob::stop() {
  stopping_ = true;
  for (const auto& copier : copiers_) copier->stop();
}

io::Task<Result<BackupReport>> BackupJob::run() {
  ODK_CO_TRY(lease_, co_await workers_->run([this] {
    return Lease::acquire(*store_, keys_, *clock_, options_.owner);
  }));
  renewed_at_ = cluster_->loop().now();
  Result<BackupReport> report = co_await run_with_lease();
  // A fenced writer holds nothing to release; the archive is whole either way.
  const Result<void> released = co_await workers_->run([this] { return lease_->release(); });
  if (report && !released) co_return released.error();
  co_return report;
}

io::Task<Result<BackupReport>> BackupJob::run_with_lease() {
  ODK_CO_TRY(log_, co_await workers_->run(
                       [this] { return CommitLog::open(*store_, keys_, lease_->epoch()); }));
  ODK_CO_TRY(std::vector<SelectedTopic> topics, co_await select_topics());
  Commit first;
  first.at = clock_->wall_ms();
  first.source_cluster_id = cluster_->cached_metadata()->cluster_id;
  for (const SelectedTopic& topic : topics) first.topics.push_back(topic.facts);
  ODK_CO_TRY_VOID(co_await capture_groups(first));
  ODK_CO_TRY_VOID(co_await plan_copies(std::move(topics)));
  ODK_CO_TRY_VOID(co_await append(std::move(first)));
  const Result<void> copied = co_await copy_all();
  // What was finished before a failure is kept: the next run goes on behind it.
  const Result<void> committed = co_await commit_finished(/*is_last=*/bool{copied});
  if (!copied) co_return copied.error();
  if (!committed) co_return committed.error();
  ODK_CO_TRY_VOID(co_await workers_->run([this] { return log_->write_manifest(); }));
  for (const auto& copier : copiers_) {
    report_.copied.records += copier->counters().records;
    report_.copied.raw_bytes += copier->counters().raw_bytes;
    report_.copied.stored_bytes += copier->counters().stored_bytes;
    report_.copied.segments += copier->counters().segments;
    report_.copied.fetched_bytes += copier->counters().fetched_bytes;
  }
  report_.through_commit = log_->state().through_commit;
  report_.was_stopped = stopping_;
  co_return report_;
}

// A topic that was deleted and created again is another log: it must not be spliced to the old.
uint32_t BackupJob::incarnation_of(const TopicFacts& facts) const {
  const auto& topics = log_->state().topics;
  uint32_t newest = 0;
  for (auto at = topics.lower_bound({facts.name, 0});
       at != topics.end() && at->first.first == facts.name; ++at) {
    newest = at->first.second;
    if (at->second.facts.topic_id == facts.topic_id) return newest;
  }
  return newest + 1;
}

io::Task<Result<std::vector<BackupJob::SelectedTopic>>> BackupJob::select_topics() {
  ODK_CO_TRY(const cluster::MetadataPtr metadata,
             co_await cluster_->refresh_all_topics(cluster_->request_deadline()));
  for (const std::string& pattern : options_.topics.include()) {
    if (is_literal_name(pattern) && metadata->topic(pattern) == nullptr) {
      co_return Error(Errc::kNotFound, fmt::format("topic {} does not exist", pattern));
    }
  }
  std::vector<SelectedTopic> selected;
  for (const cluster::Topic& topic : metadata->topics) {
    if (topic.is_internal || !options_.topics.matches(topic.name)) continue;
    if (topic.error != proto::ErrorCode{}) {
      co_return proto::to_error(topic.error, "metadata of topic " + topic.name);
    }
    SelectedTopic entry;
    entry.facts.name = topic.name;
    entry.facts.topic_id = topic.id;
    entry.facts.partition_count = static_cast<int32_t>(topic.partitions.size());
    if (!topic.partitions.empty()) {
      entry.facts.replication_factor =
          static_cast<int32_t>(topic.partitions.front().replicas.size());
    }
    for (const cluster::Partition& partition : topic.partitions) {
      entry.partitions.push_back(partition.id);
    }
    entry.facts.incarnation = incarnation_of(entry.facts);
    selected.push_back(std::move(entry));
  }
  for (SelectedTopic& topic : selected) {
    ODK_CO_TRY(topic.facts.configs, co_await source_.topic_configs(topic.facts.name));
  }
  report_.topics = selected.size();
  co_return selected;
}

io::Task<Result<void>> BackupJob::capture_groups(Commit& first) {
  if (!options_.capture_groups) co_return Result<void>{};
  GroupsSnapshot snapshot;
  snapshot.at = clock_->wall_ms();
  ODK_CO_TRY(snapshot.groups, co_await source_.groups({}));
  std::erase_if(snapshot.groups, [this](const GroupState& group) {
    return group.offsets.empty() || !options_.groups.matches(group.id);
  });
  report_.groups = snapshot.groups.size();
  const std::string key = keys_.groups(log_->state().through_commit + 1);
  ODK_CO_TRY(const Slice packed, pack_snapshot(to_json(snapshot)));
  // A run that died behind this put left the object without a commit: it is replaced.
  ODK_CO_TRY_VOID(
      co_await workers_->run([this, &key, &packed] { return store_->put(key, packed.bytes()); }));
  first.groups_key = key;
  co_return Result<void>{};
}

io::Task<Result<void>> BackupJob::plan_copies(std::vector<SelectedTopic> topics) {
  for (const SelectedTopic& topic : topics) {
    for (const int32_t id : topic.partitions) {
      CopyPlan plan;
      plan.source = {topic.facts.name, topic.facts.topic_id, id};
      plan.incarnation = topic.facts.incarnation;
      plan.writer_epoch = lease_->epoch();
      plan.backup_set = log_->state().backup_set;
      const auto known = log_->state().topics.find({topic.facts.name, topic.facts.incarnation});
      if (known != log_->state().topics.end() && known->second.partitions.contains(id)) {
        plan.start = known->second.partitions.at(id).covered_through + 1;
      }
      ODK_CO_TRY(plan.target, co_await source_.offset_at(plan.source, Source::Special::kLatest,
                                                         options_.copy.fetch.isolation));
      ++report_.partitions;
      if (plan.target < plan.start) {
        co_return Error(Errc::kPrecondition,
                        fmt::format("{}-{} ends at offset {}, but the archive has it through {}: "
                                    "the log was truncated",
                                    topic.facts.name, id, plan.target, plan.start - 1));
      }
      if (plan.target == plan.start) continue;
      copiers_.push_back(std::make_unique<PartitionCopier>(
          source_, *store_, *workers_, keys_, std::move(plan), options_.copy, *clock_));
    }
  }
  co_return Result<void>{};
}

io::Task<Result<void>> BackupJob::copy_all() {
  io::TaskGroup copying(cluster_->loop());
  const size_t tasks = std::min(options_.partitions_at_once, copiers_.size());
  running_ = tasks;
  for (size_t i = 0; i < tasks; ++i) copying.spawn(copy_some());
  const Result<void> committed = co_await commit_regularly();
  if (!committed) {
    failure_ = committed;
    stop();
  }
  co_await copying.join();
  co_return failure_;
}

// Takes one partition after the other until none is left.
io::Task<void> BackupJob::copy_some() {
  while (!stopping_ && next_copier_ < copiers_.size()) {
    PartitionCopier& copier = *copiers_[next_copier_++];
    const Result<void> copied = co_await copier.run();
    if (!copied && failure_) {
      failure_ = copied;
      stop();
    }
    progress_.notify_all();
  }
  --running_;
  progress_.notify_all();
}

io::Task<Result<void>> BackupJob::commit_regularly() {
  MonotonicTime next_commit = cluster_->loop().now() + options_.checkpoint_interval;
  while (running_ > 0) {
    const MonotonicTime next_look = cluster_->loop().now() + std::chrono::milliseconds(200);
    const Result<void> woken = co_await progress_.wait(next_look);
    if (!woken && woken.error().code() != Errc::kTimedOut) co_return woken;
    report_progress();
    if (cluster_->loop().now() < next_commit) continue;
    const Result<void> committed = co_await commit_finished(/*is_last=*/false);
    if (!committed) co_return committed;
    next_commit = cluster_->loop().now() + options_.checkpoint_interval;
  }
  report_progress();
  co_return Result<void>{};
}

io::Task<Result<void>> BackupJob::commit_finished(bool is_last) {
  const Result<void> renewed = co_await renew_lease();
  if (!renewed) co_return renewed;
  Commit commit;
  commit.at = clock_->wall_ms();
  for (const auto& copier : copiers_) {
    if (std::optional<PartitionChange> change = copier->take_change()) {
      note_gaps(*change);
      commit.partitions.push_back(*std::move(change));
    }
  }
  if (is_last && !stopping_) commit.restore_point = options_.restore_point_label;
  if (commit.partitions.empty() && !commit.restore_point) co_return Result<void>{};
  co_return co_await append(std::move(commit));
}

void BackupJob::note_gaps(const PartitionChange& change) {
  const auto topic = log_->state().topics.find({change.topic, change.incarnation});
  const bool is_first_backup =
      topic == log_->state().topics.end() || !topic->second.partitions.contains(change.id);
  for (const Gap& gap : change.gaps) {
    ODK_LOG(warn, "offsets are missing in the archive", kv("topic", change.topic),
            kv("partition", change.id), kv("from", gap.start), kv("through", gap.end),
            kv("reason", gap_reason_name(gap.reason)));
    // What retention had removed before the first backup was never there to lose.
    if (is_first_backup) continue;
    report_.gaps.push_back(fmt::format("{}-{} offsets {}..{}: {}", change.topic, change.id,
                                       gap.start, gap.end, gap_reason_name(gap.reason)));
  }
}

io::Task<Result<void>> BackupJob::append(Commit commit) {
  co_return co_await workers_->run([this, &commit] { return log_->append(std::move(commit)); });
}

io::Task<Result<void>> BackupJob::renew_lease() {
  if (cluster_->loop().now() - renewed_at_ < Lease::kRenewInterval) co_return Result<void>{};
  const Result<void> renewed = co_await workers_->run([this] { return lease_->renew(); });
  renewed_at_ = cluster_->loop().now();
  co_return renewed;
}

void BackupJob::report_progress() const {
  if (!options_.on_progress) return;
  BackupProgress progress;
  for (const auto& copier : copiers_) {
    const CopyPlan& plan = copier->plan();
    progress.offsets_total += static_cast<uint64_t>(plan.target - plan.start);
    progress.offsets_done += static_cast<uint64_t>(copier->reported_position() - plan.start);
    progress.records += copier->counters().records;
    progress.raw_bytes += copier->counters().fetched_bytes;
  }
  options_.on_progress(progress);
}

}  // namespace odradek::backup
