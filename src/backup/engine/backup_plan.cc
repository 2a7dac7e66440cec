#include <fmt/format.h>

#include <algorithm>

#include "backup/engine/backup_job.h"
#include "base/log.h"

namespace odradek::backup {
namespace {

constexpr const char* kClusterPeer = "cluster";

const TopicState* newest_incarnation(const ArchiveState& archive, const std::string& name) {
  const auto behind = archive.topics.upper_bound({name, UINT32_MAX});
  if (behind == archive.topics.begin()) return nullptr;
  const auto newest = std::prev(behind);
  return newest->first.first == name ? &newest->second : nullptr;
}

// Does the leader still have the newest batch we saw, at its place? Source: KIP-101, KIP-320.
bool has_diverged(const EpochEnd& end, const LastBatch& last) {
  if (end.end_offset < 0) return true;  // the leader never heard of this epoch
  return end.leader_epoch != last.leader_epoch || end.end_offset <= last.offset;
}

}  // namespace

// The first plan of a run fails at once: an address may be wrong. Later the cluster was there, and
// comes back.
io::Task<Result<void>> BackupJob::plan_with_retries() {
  const MonotonicTime give_up_at = cluster_->loop().now() + options_.retry.deadline;
  for (int failures = 1;; ++failures) {
    Result<void> planned = co_await plan_cycle();
    const MonotonicTime now = cluster_->loop().now();
    if (planned) {
      breakers_.on_success(kClusterPeer);
      co_return planned;
    }
    if (stopping_ || report_.cycles == 0 || !is_worth_retrying(planned.error()) ||
        now >= give_up_at) {
      co_return planned;
    }
    ODK_LOG(warn, "planning failed, trying again", kv("error", planned.error().to_string()));
    Duration pause = breakers_.on_failure(kClusterPeer, failures, now);
    pause = std::max(pause, breakers_.wait_before(kClusterPeer, now));
    const Result<void> waited = co_await wait(pause);
    if (!waited) co_return waited;
    if (stopping_) co_return Result<void>{};
  }
}

io::Task<Result<void>> BackupJob::plan_cycle() {
  cycle_ = Cycle{};
  cycle_.at = clock_->wall_ms();
  ODK_CO_TRY_VOID(co_await select_topics());
  ODK_CO_TRY_VOID(co_await renew_lease());
  ODK_CO_TRY_VOID(co_await choose_incarnations());
  ODK_CO_TRY_VOID(co_await renew_lease());
  // Groups before ends: no position is ahead of the data.
  ODK_CO_TRY_VOID(co_await capture_groups());
  ODK_CO_TRY_VOID(co_await renew_lease());
  ODK_CO_TRY_VOID(co_await plan_copies());
  co_return co_await capture_cluster();
}

io::Task<Result<void>> BackupJob::select_topics() {
  ODK_CO_TRY(const cluster::MetadataPtr metadata,
             co_await cluster_->refresh_all_topics(cluster_->request_deadline()));
  for (const std::string& pattern : options_.topics.include()) {
    if (!is_literal_name(pattern) || metadata->topic(pattern) != nullptr) continue;
    if (options_.on_missing_topic == OnMissingTopic::kFail) {
      co_return Error(Errc::kNotFound, fmt::format("topic {} does not exist", pattern));
    }
    warn_once(fmt::format("topic {} does not exist", pattern));
  }
  for (const cluster::Topic& topic : metadata->topics) {
    if (topic.is_internal && !options_.include_internal_topics) continue;
    if (!options_.topics.matches(topic.name)) continue;
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
    cycle_.topics.push_back(std::move(entry));
  }
  std::vector<std::string> names;
  names.reserve(cycle_.topics.size());
  for (const SelectedTopic& topic : cycle_.topics) names.push_back(topic.facts.name);
  ODK_CO_TRY(std::vector<SourceTopicConfigs> configs,
             co_await source_.topic_configs(std::move(names)));
  for (size_t i = 0; i < cycle_.topics.size(); ++i) {
    cycle_.topics[i].facts.configs = std::move(configs[i].own);
    cycle_.topics[i].message_bytes_max = configs[i].message_bytes_max;
  }
  report_.topics = cycle_.topics.size();
  co_return Result<void>{};
}

// A topic that was deleted and created again, or whose log lost its end, is another log: it must
// not be spliced to the old one.
io::Task<Result<void>> BackupJob::choose_incarnations() {
  for (SelectedTopic& topic : cycle_.topics) {
    const TopicState* known = newest_incarnation(log_->state(), topic.facts.name);
    if (known == nullptr) continue;
    topic.facts.incarnation = known->facts.incarnation;
    const bool has_ids = !known->facts.topic_id.is_zero() && !topic.facts.topic_id.is_zero();
    if (has_ids && known->facts.topic_id != topic.facts.topic_id) {
      ODK_CO_TRY_VOID(begin_incarnation(topic, "was deleted and created again"));
    }
  }
  ODK_CO_TRY(const std::set<std::string> truncated, co_await truncated_topics());
  for (SelectedTopic& topic : cycle_.topics) {
    if (!truncated.contains(topic.facts.name)) continue;
    ODK_CO_TRY_VOID(
        begin_incarnation(topic, "lost records the archive has: its log was truncated"));
  }
  co_return Result<void>{};
}

Result<void> BackupJob::begin_incarnation(SelectedTopic& topic, std::string why) {
  const std::string what = fmt::format("topic {} {}", topic.facts.name, why);
  if (options_.on_topic_recreated == OnTopicRecreated::kFail) {
    return Error(Errc::kPrecondition, what);
  }
  ++topic.facts.incarnation;
  warn_once(fmt::format("{}; the archive keeps the old one, and the new one as incarnation {}",
                        what, topic.facts.incarnation));
  return {};
}

// Of the topics whose log the archive goes on with.
io::Task<Result<std::set<std::string>>> BackupJob::truncated_topics() {
  std::vector<TopicPartition> asked;
  std::vector<const PartitionState*> held;
  for (const SelectedTopic& topic : cycle_.topics) {
    const auto known = log_->state().topics.find({topic.facts.name, topic.facts.incarnation});
    if (known == log_->state().topics.end()) continue;
    for (const int32_t id : topic.partitions) {
      const auto partition = known->second.partitions.find(id);
      if (partition == known->second.partitions.end()) continue;
      asked.push_back({topic.facts.name, topic.facts.topic_id, id});
      held.push_back(&partition->second);
    }
  }
  ODK_CO_TRY(
      const std::vector<int64_t> ends,
      co_await source_.offsets_at(asked, SpecialOffset::kLatest, IsolationLevel::kReadUncommitted));
  std::set<std::string> truncated;
  std::vector<TopicPartition> with_epoch;
  std::vector<LastBatch> last_batches;
  std::vector<int32_t> epochs;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (ends[i] <= held[i]->covered_through) truncated.insert(asked[i].topic);
    if (held[i]->last_batch.leader_epoch < 0) continue;
    with_epoch.push_back(asked[i]);
    last_batches.push_back(held[i]->last_batch);
    epochs.push_back(held[i]->last_batch.leader_epoch);
  }
  ODK_CO_TRY(const std::vector<EpochEnd> epoch_ends,
             co_await source_.epoch_ends(with_epoch, std::move(epochs)));
  for (size_t i = 0; i < with_epoch.size(); ++i) {
    if (has_diverged(epoch_ends[i], last_batches[i])) truncated.insert(with_epoch[i].topic);
  }
  co_return truncated;
}

io::Task<Result<void>> BackupJob::capture_groups() {
  if (!options_.capture_groups) co_return Result<void>{};
  cycle_.groups.at = cycle_.at;
  ODK_CO_TRY(cycle_.groups.groups, co_await source_.groups({}));
  std::erase_if(cycle_.groups.groups, [this](const GroupState& group) {
    return group.offsets.empty() || !options_.groups.matches(group.id);
  });
  report_.groups = cycle_.groups.groups.size();
  co_return Result<void>{};
}

// Facts that the cluster keeps from us are named, and the backup goes on: records come first.
io::Task<Result<void>> BackupJob::capture_cluster() {
  const cluster::MetadataPtr metadata = cluster_->cached_metadata();
  ClusterSnapshot& cluster = cycle_.cluster;
  cluster.at = cycle_.at;
  cluster.cluster_id = metadata->cluster_id;
  cluster.broker_count = static_cast<int32_t>(metadata->brokers.size());
  size_t next = 0;
  for (const SelectedTopic& topic : cycle_.topics) {
    TopicSnapshot snapshot{topic.facts, {}};
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      snapshot.ends.push_back(cycle_.partitions[next++].status.target);
    }
    cluster.topics.push_back(std::move(snapshot));
  }
  if (!options_.capture_cluster) {
    cluster.not_captured = {{"acls", "turned off"}, {"quotas", "turned off"}};
    co_return Result<void>{};
  }
  Result<std::vector<AclEntry>> acls = co_await source_.acls();
  if (acls) {
    cluster.acls = *std::move(acls);
  } else if (is_worth_retrying(acls.error())) {
    co_return acls.error();
  } else {
    cluster.not_captured["acls"] = acls.error().message();
  }
  Result<std::vector<QuotaEntry>> quotas = co_await source_.quotas();
  if (quotas) {
    cluster.quotas = *std::move(quotas);
  } else if (is_worth_retrying(quotas.error())) {
    co_return quotas.error();
  } else {
    cluster.not_captured["quotas"] = quotas.error().message();
  }
  co_return Result<void>{};
}

io::Task<Result<void>> BackupJob::plan_copies() {
  for (const SelectedTopic& topic : cycle_.topics) {
    for (const int32_t id : topic.partitions) {
      cycle_.asked.push_back({topic.facts.name, topic.facts.topic_id, id});
    }
  }
  report_.partitions = cycle_.asked.size();
  ODK_CO_TRY(const std::vector<int64_t> targets,
             co_await source_.offsets_at(cycle_.asked, SpecialOffset::kLatest,
                                         options_.copy.fetch.isolation));
  ODK_CO_TRY(const std::vector<int64_t> log_ends,
             co_await source_.offsets_at(cycle_.asked, SpecialOffset::kLatest,
                                         IsolationLevel::kReadUncommitted));
  size_t next = 0;
  for (const SelectedTopic& topic : cycle_.topics) {
    for (const int32_t id : topic.partitions) {
      PlannedPartition planned;
      planned.status.topic = topic.facts.name;
      planned.status.partition = id;
      planned.status.target = targets[next];
      planned.status.log_end = log_ends[next];
      if (options_.copy.fetch.isolation == IsolationLevel::kReadCommitted) {
        planned.status.lso_lag = std::max<int64_t>(0, log_ends[next] - targets[next]);
      }
      add_copy(topic, planned);
      const int64_t lag = planned.status.lso_lag;
      cycle_.partitions.push_back(std::move(planned));
      if (lag > 0) {
        ODK_CO_TRY_VOID(co_await check_open_transactions(cycle_.asked[next], lag));
      }
      ++next;
    }
  }
  co_return Result<void>{};
}

void BackupJob::add_copy(const SelectedTopic& topic, PlannedPartition& planned) {
  CopyPlan plan;
  plan.source = {topic.facts.name, topic.facts.topic_id, planned.status.partition};
  plan.incarnation = topic.facts.incarnation;
  plan.writer_epoch = lease_->epoch();
  plan.backup_set = log_->state().backup_set;
  plan.message_bytes_max = topic.message_bytes_max;
  const auto known = log_->state().topics.find({topic.facts.name, topic.facts.incarnation});
  if (known != log_->state().topics.end()) {
    const auto partition = known->second.partitions.find(planned.status.partition);
    if (partition != known->second.partitions.end()) {
      plan.start = partition->second.covered_through + 1;
      plan.open = partition->second.open;
    }
  }
  // Open transactions may hold the end back below what an earlier snapshot of the log covered.
  planned.status.target = std::max(planned.status.target, plan.start);
  plan.target = planned.status.target;
  planned.status.start = plan.start;
  planned.status.position = plan.start;
  if (plan.target == plan.start) return;
  const CopyShared shared{&source_, store_,     workers_,     &keys_,        clock_,
                          &budget_, &breakers_, &bytes_rate_, &records_rate_};
  cycle_.copiers.push_back(
      std::make_unique<PartitionCopier>(shared, std::move(plan), options_.copy));
  planned.copier = cycle_.copiers.back().get();
}

// Names the producer whose transaction keeps records from being copied, once it is that old.
io::Task<Result<void>> BackupJob::check_open_transactions(const TopicPartition& partition,
                                                          int64_t lag) {
  const Result<std::vector<OpenTransaction>> open = co_await source_.open_transactions(partition);
  if (!open || open->empty()) co_return Result<void>{};
  const OpenTransaction& oldest = open->front();
  const std::chrono::milliseconds age(clock_->wall_ms() - oldest.last_timestamp);
  if (age < options_.hanging_transaction_timeout) co_return Result<void>{};
  const std::string what = fmt::format(
      "{}: the transaction of producer id {} (epoch {}) is open since offset {} and quiet for "
      "{} s; {} offsets behind it wait",
      name_of(partition), oldest.producer_id, oldest.producer_epoch, oldest.start_offset,
      std::chrono::duration_cast<std::chrono::seconds>(age).count(), lag);
  if (options_.on_hanging_transaction == OnHangingTransaction::kFail) {
    co_return Error(Errc::kPrecondition, what);
  }
  // One warning per transaction: age and lag change with every look.
  const std::string which =
      fmt::format("{} {} {}", name_of(partition), oldest.producer_id, oldest.start_offset);
  if (warned_.insert(which).second) {
    ODK_LOG(warn, "hanging transaction", kv("transaction", what));
    report_.warnings.push_back(what);
  }
  co_return Result<void>{};
}

void BackupJob::warn_once(std::string warning) {
  if (!warned_.insert(warning).second) return;
  ODK_LOG(warn, "backup", kv("warning", warning));
  report_.warnings.push_back(std::move(warning));
}

}  // namespace odradek::backup
