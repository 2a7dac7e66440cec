#include <fmt/format.h>

#include <algorithm>

#include "backup/restore/at_once.h"
#include "backup/restore/restore_job.h"

// What RestoreJob does to topics before and after the load.
namespace odradek::backup {
namespace {

constexpr size_t kTopicsAtOnce = 8;

}  // namespace

io::Task<Result<void>> RestoreJob::prepare_topics() {
  report_progress("create topics");
  for (const TopicPlan& topic : plan_.topics) {
    if (!topic.held.empty()) report_.held_configs.push_back(topic.held);
  }
  co_return co_await run_at_once(cluster_->loop(), kTopicsAtOnce, plan_.topics.size(),
                                 [this](size_t i) { return prepare_topic(plan_.topics[i]); });
}

io::Task<Result<void>> RestoreJob::prepare_topic(const TopicPlan& topic) {
  if (topic.action == TopicAction::kCreate) {
    NewTopic wanted{topic.target, topic.partitions, topic.replication_factor, topic.configs};
    for (const auto& [name, value] : topic.during_load) wanted.configs[name] = value.value_or("");
    ODK_CO_TRY_VOID(co_await target_.create_topic(std::move(wanted)));
    co_return co_await wait_for_leaders(topic);
  }
  ODK_CO_TRY_VOID(co_await target_.alter_topic_configs(topic.target, topic.during_load));
  ODK_CO_TRY_VOID(co_await wait_for_leaders(topic));
  if (options_.if_exists != IfExists::kPurge) co_return Result<void>{};
  for (const auto& [partition, base] : topic.bases) {
    if (base == 0) continue;
    ODK_CO_TRY_VOID(co_await target_.delete_records(topic.target, partition, base));
  }
  co_return Result<void>{};
}

io::Task<Result<void>> RestoreJob::wait_for_leaders(const TopicPlan& topic) {
  const MonotonicTime deadline = cluster_->request_deadline();
  const auto wanted = static_cast<size_t>(topic.partitions);
  while (true) {
    const std::vector<std::string> names = {topic.target};
    ODK_CO_TRY(const cluster::MetadataPtr metadata, co_await cluster_->refresh(names, deadline));
    const cluster::Topic* created = metadata->topic(topic.target);
    const bool is_ready =
        created != nullptr && created->error == proto::ErrorCode::kNone &&
        created->partitions.size() == wanted &&
        std::ranges::all_of(created->partitions, [](const auto& p) { return p.leader >= 0; });
    if (is_ready) co_return Result<void>{};
    if (cluster_->loop().now() >= deadline) {
      co_return Error(Errc::kTimedOut, fmt::format("topic {} has no leaders yet", topic.target));
    }
    ODK_CO_TRY_VOID(co_await io::sleep(cluster_->loop(), std::chrono::milliseconds(50)));
  }
}

io::Task<Result<void>> RestoreJob::put_configs_back() {
  report_progress("configure");
  co_return co_await run_at_once(
      cluster_->loop(), kTopicsAtOnce, state_.topics.size(), [this](size_t i) {
        return target_.alter_topic_configs(state_.topics[i].target, state_.topics[i].put_back);
      });
}

io::Task<Result<std::vector<std::string>>> abort_restores(cluster::Cluster& cluster,
                                                          store::ObjectStore& store,
                                                          io::WorkerPool& workers, Clock& clock,
                                                          ArchiveKeys keys,
                                                          std::string restore_id) {
  ODK_CO_TRY(const cluster::MetadataPtr metadata,
             co_await cluster.refresh_all_topics(cluster.request_deadline()));
  ODK_CO_TRY(std::vector<RestoreState> restores,
             co_await workers.run([&store, &keys] { return read_restores(store, keys); }));
  Target target(cluster);
  std::vector<std::string> aborted;
  for (RestoreState& restore : restores) {
    const bool is_meant = restore_id.empty() || restore.restore_id == restore_id;
    if (!is_meant || !restore.is_unfinished() ||
        restore.target_cluster_id != metadata->cluster_id) {
      continue;
    }
    for (const RestoredTopic& topic : restore.topics) {
      const cluster::Topic* const existing = metadata->topic(topic.target);
      if (existing == nullptr || existing->error != proto::ErrorCode::kNone) continue;
      ODK_CO_TRY_VOID(co_await target.alter_topic_configs(topic.target, topic.put_back));
    }
    restore.phase = RestorePhase::kAborted;
    restore.finished_at = clock.wall_ms();
    ODK_CO_TRY_VOID(co_await workers.run(
        [&store, &keys, &restore] { return write_restore_state(store, keys, restore); }));
    aborted.push_back(restore.restore_id);
  }
  if (aborted.empty() && !restore_id.empty()) {
    co_return Error(Errc::kNotFound,
                    fmt::format("backup {} has no unfinished restore {} into this cluster",
                                keys.backup_id(), restore_id));
  }
  co_return aborted;
}

}  // namespace odradek::backup
