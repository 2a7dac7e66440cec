#include "backup/restore/restore_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "backup/restore/at_once.h"
#include "io/task_group.h"

namespace odradek::backup {

RestoreJob::RestoreJob(cluster::Cluster& cluster, store::ObjectStore& store,
                       io::WorkerPool& workers, Clock& clock, RestoreOptions options)
    : cluster_(&cluster),
      store_(&store),
      workers_(&workers),
      clock_(&clock),
      options_(std::move(options)),
      keys_(options_.backup_id),
      source_(cluster),
      target_(cluster),
      produce_(cluster),
      limiter_(cluster.loop(), options_.limits),
      progress_(cluster.loop()) {}

RestoreJob::~RestoreJob() = default;

io::Task<Result<RestorePlan>> RestoreJob::plan() {
  report_progress("plan");
  ODK_CO_TRY(archive_,
             co_await workers_->run([this] { return read_existing_archive(*store_, keys_); }));
  ODK_CO_TRY(point_, co_await workers_->run([this] {
    return find_restore_point(*store_, archive_, options_.restore_point);
  }));
  ODK_CO_TRY_VOID(co_await find_unfinished());
  RestorePlanner planner(*cluster_, *store_, *workers_, *clock_, keys_, options_, archive_,
                         point_ ? &*point_ : nullptr, resumed_ ? &*resumed_ : nullptr);
  ODK_CO_TRY(plan_, co_await planner.plan());
  plan_.bytes_per_second = options_.limits.bytes_per_second;
  const std::string groups_key = point_ ? point_->point.groups_key : archive_.groups_key;
  if (!groups_key.empty()) {
    ODK_CO_TRY(const GroupsSnapshot snapshot, co_await workers_->run([this, &groups_key] {
      return read_groups(*store_, groups_key);
    }));
    plan_.groups =
        static_cast<size_t>(std::ranges::count_if(snapshot.groups, [this](const GroupState& group) {
          return options_.groups.matches(group.id);
        }));
  }
  co_return plan_;
}

io::Task<Result<RestoreReport>> RestoreJob::run() {
  ODK_CO_TRY_VOID(co_await plan());
  for (const PlanNote& note : plan_.notes) {
    if (!note.is_conflict) continue;
    co_return Error(Errc::kPrecondition, fmt::format("topic {}: {}", note.topic, note.text));
  }
  ODK_CO_TRY_VOID(co_await begin());
  ODK_CO_TRY_VOID(co_await prepare_topics());
  ODK_CO_TRY_VOID(co_await load_all());
  ODK_CO_TRY_VOID(co_await save(RestorePhase::kLoaded));
  ODK_CO_TRY_VOID(co_await verify_all());
  ODK_CO_TRY_VOID(co_await put_configs_back());
  state_.finished_at = clock_->wall_ms();
  ODK_CO_TRY_VOID(co_await save(RestorePhase::kDone));
  report_progress("done");
  report_.restore_id = state_.restore_id;
  report_.went_on = resumed_.has_value();
  report_.topics = plan_.topics.size();
  report_.notes = plan_.notes;
  co_return report_;
}

// The restore of this archive into this cluster that was not finished, if it asked the same.
io::Task<Result<void>> RestoreJob::find_unfinished() {
  ODK_CO_TRY(const cluster::MetadataPtr metadata,
             co_await cluster_->refresh({}, cluster_->request_deadline()));
  const std::string cluster_id = metadata->cluster_id;
  ODK_CO_TRY(const std::vector<RestoreState> restores,
             co_await workers_->run([this] { return read_restores(*store_, keys_); }));
  const std::string wanted = fingerprint(options_);
  for (const RestoreState& restore : restores) {
    const bool is_named = restore.restore_id == options_.restore_id;
    const bool is_open = restore.is_unfinished() && restore.target_cluster_id == cluster_id;
    if (is_named && !is_open) {
      co_return Error(Errc::kPrecondition,
                      fmt::format("restore {} is {}: choose another id", restore.restore_id,
                                  restore.is_unfinished() ? "one into another cluster"
                                                          : restore_phase_name(restore.phase)));
    }
    if (!is_open) continue;
    if (restore.options == wanted && (is_named || options_.restore_id.empty())) {
      resumed_ = restore;
      co_return Result<void>{};
    }
    if (is_named || touches_topics_of(restore)) {
      co_return Error(Errc::kPrecondition,
                      fmt::format("restore {} is not finished and was asked for something else: "
                                  "repeat that, or give it up with --abort",
                                  restore.restore_id));
    }
  }
  if (options_.restore_id.empty()) options_.restore_id = Uuid::random().to_string();
  state_.target_cluster_id = cluster_id;
  co_return Result<void>{};
}

bool RestoreJob::touches_topics_of(const RestoreState& other) const {
  return std::ranges::any_of(archive_.topics, [this, &other](const auto& entry) {
    const std::string& name = entry.first.first;
    const auto mapped = options_.topic_mapping.find(name);
    const std::string& target = mapped == options_.topic_mapping.end() ? name : mapped->second;
    return options_.topics.matches(name) &&
           std::ranges::find(other.topics, target, &RestoredTopic::target) != other.topics.end();
  });
}

// Writes down what was decided, before anything is changed.
io::Task<Result<void>> RestoreJob::begin() {
  if (resumed_) {
    state_ = *resumed_;
    co_return Result<void>{};
  }
  ODK_CO_TRY(state_.producer, co_await target_.init_producer());
  state_.restore_id = plan_.restore_id;
  state_.backup_id = keys_.backup_id();
  state_.started_at = clock_->wall_ms();
  state_.options = fingerprint(options_);
  state_.groups_key = point_ ? point_->point.groups_key : archive_.groups_key;
  for (const TopicPlan& topic : plan_.topics) {
    RestoredTopic decided;
    decided.source = topic.source;
    decided.incarnation = topic.incarnation;
    decided.target = topic.target;
    decided.was_created = topic.action == TopicAction::kCreate;
    decided.prepare = topic.prepare;
    for (const SourcePart& part : topic.sources) {
      decided.ends[part.partition] = part.end_offset;
      decided.targets[part.partition] = part.target_partition;
    }
    decided.bases = topic.bases;
    decided.put_back = topic.put_back;
    state_.topics.push_back(std::move(decided));
  }
  co_return co_await save(RestorePhase::kLoading);
}

io::Task<Result<void>> RestoreJob::save(RestorePhase phase) {
  state_.phase = phase;
  co_return co_await workers_->run([this] { return write_restore_state(*store_, keys_, state_); });
}

LoadContext RestoreJob::load_context() {
  return {cluster_, &produce_, &source_, store_, workers_, &limiter_, state_.producer};
}

io::Task<Result<void>> RestoreJob::load_all() {
  const LoadContext context = load_context();
  const cluster::MetadataPtr metadata = cluster_->cached_metadata();
  for (const RestoredTopic& topic : state_.topics) {
    ODK_CO_TRY(std::vector<LoadUnit> units, units_of(topic, archive_, keys_, state_.restore_id));
    for (LoadUnit& unit : units) {
      const cluster::Topic* const known = metadata->topic(topic.target);
      if (known != nullptr) unit.target.topic_id = known->id;
      report_.partitions += unit.sources.size();
      loaders_.push_back(std::make_unique<UnitLoader>(context, std::move(unit)));
    }
  }
  io::TaskGroup loading(cluster_->loop());
  running_ = std::min(options_.partitions_at_once, loaders_.size());
  const size_t tasks = running_;
  for (size_t i = 0; i < tasks; ++i) loading.spawn(load_some());
  while (running_ > 0) {
    const MonotonicTime next_look = cluster_->loop().now() + std::chrono::milliseconds(200);
    const Result<void> woken = co_await progress_.wait(next_look);
    if (!woken && woken.error().code() != Errc::kTimedOut) {
      failure_ = woken;
      loading.cancel();
      break;
    }
    report_progress("load");
  }
  co_await loading.join();
  for (const auto& loader : loaders_) report_.loaded.add(loader->counters());
  co_return failure_;
}

// Takes one unit after the other until none is left.
io::Task<void> RestoreJob::load_some() {
  while (failure_ && next_loader_ < loaders_.size()) {
    UnitLoader& loader = *loaders_[next_loader_++];
    const Result<void> loaded = co_await loader.run();
    if (!loaded && failure_) failure_ = loaded;
    progress_.notify_all();
  }
  --running_;
  progress_.notify_all();
}

// Reads the target back. Where offsets have holes somebody else may have written: all of that is
// read, whatever was asked for.
io::Task<Result<void>> RestoreJob::verify_all() {
  co_return co_await run_at_once(cluster_->loop(), options_.partitions_at_once, loaders_.size(),
                                 [this](size_t i) { return verify_unit(*loaders_[i]); });
}

io::Task<Result<void>> RestoreJob::verify_unit(const UnitLoader& loader) {
  const bool must_be_full = loader.has_seen_holes();
  if (options_.verify == VerifyAfter::kOff && !must_be_full) co_return Result<void>{};
  VerifyOptions options;
  if (options_.verify == VerifyAfter::kSample && !must_be_full) {
    options.percent = options_.sample_percent;
  }
  UnitVerifier verifier(load_context(), loader.unit(), options);
  ODK_CO_TRY(const VerifyCounters counters, co_await verifier.run());
  report_.verified.add(counters);
  report_progress("verify");
  co_return Result<void>{};
}

void RestoreJob::report_progress(std::string_view step) {
  if (!options_.on_progress) return;
  RestoreProgress progress;
  progress.step = step;
  for (const auto& loader : loaders_) {
    progress.records_done += loader->counters().records;
    progress.bytes_done += loader->counters().bytes;
  }
  progress.records_total = plan_.records();
  options_.on_progress(progress);
}

}  // namespace odradek::backup
