#include "backup/restore/restore_job.h"

#include <fmt/format.h>

#include <algorithm>

#include "backup/archive/archive_json.h"
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
      progress_(cluster.loop()) {}

RestoreJob::~RestoreJob() = default;

io::Task<Result<RestoreReport>> RestoreJob::run() {
  ODK_CO_TRY_VOID(co_await plan());
  ODK_CO_TRY_VOID(co_await create_topics());
  ODK_CO_TRY(const ProducerIdentity producer, co_await target_.init_producer());
  make_loaders(producer);
  ODK_CO_TRY_VOID(co_await load_all());
  ODK_CO_TRY_VOID(co_await finalize_topics());
  if (options_.verify == VerifyAfter::kFull) {
    ODK_CO_TRY_VOID(co_await verify_all());
  }
  if (options_.restore_groups) {
    ODK_CO_TRY_VOID(co_await restore_groups());
  }
  report_progress("done");
  co_return report_;
}

void RestoreJob::make_loaders(ProducerIdentity producer) {
  const cluster::MetadataPtr metadata = cluster_->cached_metadata();
  for (const TopicPlan& topic : topics_) {
    const cluster::Topic* known = metadata->topic(topic.target_name);
    for (const auto& [id, partition] : topic.archived->partitions) {
      LoadPlan plan;
      plan.target = {topic.target_name, known == nullptr ? Uuid{} : known->id, id};
      plan.segments = partition.segments;
      plan.map_key = keys_.restore(options_.restore_id,
                                   fmt::format("map/{}/{}", topic.archived->facts.name, id));
      loaders_.push_back(std::make_unique<PartitionLoader>(*cluster_, *store_, *workers_,
                                                           std::move(plan), producer));
    }
  }
  report_.partitions = loaders_.size();
}

io::Task<Result<void>> RestoreJob::load_all() {
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
  for (const auto& loader : loaders_) {
    report_.loaded.records += loader->counters().records;
    report_.loaded.bytes += loader->counters().bytes;
    report_.loaded.batches_raw += loader->counters().batches_raw;
    report_.loaded.batches_recompressed += loader->counters().batches_recompressed;
    report_.loaded.batches_reencoded += loader->counters().batches_reencoded;
  }
  co_return failure_;
}

// Takes one partition after the other until none is left.
io::Task<void> RestoreJob::load_some() {
  while (failure_ && next_loader_ < loaders_.size()) {
    PartitionLoader& loader = *loaders_[next_loader_++];
    const Result<void> loaded = co_await loader.run();
    if (!loaded && failure_) failure_ = loaded;
    progress_.notify_all();
  }
  --running_;
  progress_.notify_all();
}

io::Task<Result<void>> RestoreJob::finalize_topics() {
  report_progress("configure");
  for (const TopicPlan& topic : topics_) {
    ODK_CO_TRY_VOID(co_await target_.alter_topic_configs(topic.target_name, topic.finalize));
  }
  co_return Result<void>{};
}

io::Task<Result<void>> RestoreJob::verify_all() {
  for (const auto& loader : loaders_) {
    ODK_CO_TRY_VOID(co_await verify_partition(*loader));
    report_progress("verify");
  }
  co_return Result<void>{};
}

// Reads the partition back and compares what a consumer sees with what the archive has.
io::Task<Result<void>> RestoreJob::verify_partition(const PartitionLoader& loader) {
  const TopicPartition& partition = loader.plan().target;
  ODK_CO_TRY(const int64_t end, co_await source_.offset_at(partition, Source::Special::kLatest,
                                                           IsolationLevel::kReadCommitted));
  ODK_CO_TRY(int64_t position, co_await source_.offset_at(partition, Source::Special::kEarliest,
                                                          IsolationLevel::kReadCommitted));
  RecordHash hash;
  while (position < end) {
    ODK_CO_TRY(const FetchedBatches fetched,
               co_await source_.fetch(partition, position, {}, cluster::kGeneralLane));
    const int64_t before = position;
    ODK_CO_TRY_VOID(co_await workers_->run([&fetched, &hash, &position] {
      return wire::for_each_batch(fetched.records,
                                  [&](const wire::BatchView& batch) -> Result<void> {
                                    if (batch.last_offset() < position) return {};
                                    ODK_TRY_VOID(batch.verify_crc());
                                    ODK_TRY_VOID(hash.add(batch, position));
                                    position = batch.next_offset();
                                    return {};
                                  });
    }));
    if (position == before) {
      co_return Error(Errc::kMalformed,
                      fmt::format("verify {}-{}: nothing at offset {}, the end is {}",
                                  partition.topic, partition.partition, position, end));
    }
  }
  const RecordHash& archived = loader.archive_hash();
  if (hash.record_count() != archived.record_count() || hash.digest() != archived.digest()) {
    co_return Error(Errc::kChecksum,
                    fmt::format("verify {}-{}: {} records read back differ from the archive's {}",
                                partition.topic, partition.partition, hash.record_count(),
                                archived.record_count()));
  }
  report_.records_verified += hash.record_count();
  co_return Result<void>{};
}

io::Task<Result<void>> RestoreJob::restore_groups() {
  if (archive_.groups_key.empty()) co_return Result<void>{};
  report_progress("group positions");
  ODK_CO_TRY(const GroupsSnapshot snapshot, co_await workers_->run([this] {
    return read_groups(*store_, archive_.groups_key);
  }));
  for (const GroupState& group : snapshot.groups) {
    if (!options_.groups.matches(group.id)) continue;
    ODK_CO_TRY(std::vector<GroupOffset> offsets, co_await map_offsets(group));
    if (offsets.empty()) continue;
    ODK_CO_TRY_VOID(co_await target_.commit_offsets(group.id, offsets));
    ODK_CO_TRY_VOID(co_await verify_group(group.id, std::move(offsets)));
    ++report_.groups;
  }
  co_return Result<void>{};
}

io::Task<Result<std::vector<GroupOffset>>> RestoreJob::map_offsets(const GroupState& group) {
  std::vector<GroupOffset> mapped;
  for (const GroupOffset& offset : group.offsets) {
    const auto topic = std::ranges::find_if(topics_, [&offset](const TopicPlan& plan) {
      return plan.archived->facts.name == offset.topic;
    });
    if (topic == topics_.end() || !topic->archived->partitions.contains(offset.partition)) {
      continue;
    }
    const cluster::Topic* known = cluster_->cached_metadata()->topic(topic->target_name);
    const TopicPartition partition{topic->target_name, known == nullptr ? Uuid{} : known->id,
                                   offset.partition};
    ODK_CO_TRY(const int64_t end, co_await source_.offset_at(partition, Source::Special::kLatest,
                                                             IsolationLevel::kReadUncommitted));
    const std::string key = keys_.restore(options_.restore_id,
                                          fmt::format("map/{}/{}", offset.topic, offset.partition));
    ODK_CO_TRY(const int64_t target_offset,
               co_await workers_->run([this, &key, &offset, end]() -> Result<int64_t> {
                 ODK_TRY(const OffsetMap map, OffsetMap::open(*store_, key));
                 return map.target_of(offset.offset, end);
               }));
    mapped.push_back({topic->target_name, offset.partition, target_offset, -1, offset.metadata});
  }
  co_return mapped;
}

io::Task<Result<void>> RestoreJob::verify_group(std::string group,
                                                std::vector<GroupOffset> committed) {
  const std::vector<std::string> only = {group};
  ODK_CO_TRY(const std::vector<GroupState> found, co_await source_.groups(only));
  for (const GroupOffset& offset : committed) {
    const bool is_there =
        !found.empty() && std::ranges::any_of(found.front().offsets, [&](const GroupOffset& read) {
          return read.topic == offset.topic && read.partition == offset.partition &&
                 read.offset == offset.offset && read.metadata == offset.metadata;
        });
    if (!is_there) {
      co_return Error(Errc::kInternal,
                      fmt::format("group {}: position of {}-{} reads back differently", group,
                                  offset.topic, offset.partition));
    }
  }
  co_return Result<void>{};
}

void RestoreJob::report_progress(std::string_view step) {
  if (!options_.on_progress) return;
  RestoreProgress progress;
  progress.step = step;
  for (const auto& loader : loaders_) {
    progress.records_done += loader->counters().records;
    for (const SegmentRef& segment : loader->plan().segments) {
      progress.records_total += segment.record_count;
    }
  }
  options_.on_progress(progress);
}

}  // namespace odradek::backup
