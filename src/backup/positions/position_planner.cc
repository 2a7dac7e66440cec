#include "backup/positions/position_planner.h"

#include <fmt/format.h>

#include <algorithm>

#include "backup/archive/snapshots.h"
#include "backup/positions/archive_times.h"
#include "backup/positions/header_scan.h"

namespace odradek::backup {

PositionPlanner::PositionPlanner(cluster::Cluster& cluster, store::ObjectStore& store,
                                 io::WorkerPool& workers, PositionOptions options)
    : cluster_(&cluster),
      store_(&store),
      workers_(&workers),
      options_(std::move(options)),
      keys_(options_.backup_id),
      target_(cluster) {}

io::Task<Result<PositionPlan>> PositionPlanner::plan() {
  ODK_CO_TRY_VOID(co_await read_archive_and_restore());
  PositionPlan plan;
  plan.backup_id = keys_.backup_id();
  if (restore_) plan.restore_id = restore_->restore_id;
  if (options_.strategy == PositionStrategy::kSkip) co_return plan;
  GroupsSnapshot snapshot;
  if (options_.live_groups) {
    snapshot = *options_.live_groups;
  } else {
    ODK_CO_TRY(snapshot, co_await archived_groups());
  }
  plan.captured_at = snapshot.at;
  for (const std::string& pattern : options_.groups.include()) {
    if (is_literal_name(pattern) &&
        std::ranges::find(snapshot.groups, pattern, &GroupState::id) == snapshot.groups.end()) {
      co_return Error(
          Errc::kNotFound,
          fmt::format("{} has no group {}",
                      options_.live_groups ? "the source" : "backup " + keys_.backup_id(),
                      pattern));
    }
  }
  for (const GroupState& archived : snapshot.groups) {
    if (!options_.groups.matches(archived.id)) continue;
    PlannedGroup group;
    group.id = archived.id;
    if (archived.is_share()) {
      group.left_out.push_back("a share group: its start offsets are not positions to commit");
    } else {
      ODK_CO_TRY_VOID(co_await plan_group(archived, group));
    }
    join_positions(group);
    plan.groups.push_back(std::move(group));
  }
  co_return plan;
}

io::Task<Result<GroupsSnapshot>> PositionPlanner::archived_groups() {
  const std::string key = restore_ ? restore_->groups_key : archive_.groups_key;
  if (key.empty()) {
    co_return Error(Errc::kNotFound,
                    fmt::format("backup {} has no positions of groups", keys_.backup_id()));
  }
  co_return co_await workers_->run([this, &key] { return read_groups(*store_, key); });
}

io::Task<Result<void>> PositionPlanner::read_archive_and_restore() {
  ODK_CO_TRY(archive_,
             co_await workers_->run([this] { return read_existing_archive(*store_, keys_); }));
  ODK_CO_TRY(const cluster::MetadataPtr metadata,
             co_await cluster_->refresh({}, cluster_->request_deadline()));
  const std::string cluster_id = metadata->cluster_id;
  ODK_CO_TRY(std::vector<RestoreState> restores,
             co_await workers_->run([this] { return read_restores(*store_, keys_); }));
  for (RestoreState& restore : restores) {
    const bool is_meant = options_.restore_id.empty() ? restore.phase == RestorePhase::kDone &&
                                                            restore.target_cluster_id == cluster_id
                                                      : restore.restore_id == options_.restore_id;
    if (is_meant) restore_ = std::move(restore);
  }
  if (!restore_ && !options_.restore_id.empty()) {
    co_return Error(Errc::kNotFound, fmt::format("backup {} has no restore {}", keys_.backup_id(),
                                                 options_.restore_id));
  }
  co_return Result<void>{};
}

io::Task<Result<PositionPlanner::TopicView*>> PositionPlanner::view_of(std::string topic) {
  const auto known = views_.find(topic);
  if (known != views_.end()) co_return &known->second;
  TopicView view;
  if (restore_) {
    const auto restored = std::ranges::find(restore_->topics, topic, &RestoredTopic::source);
    if (restored != restore_->topics.end()) view.restored = &*restored;
  }
  for (const auto& [key, state] : archive_.topics) {
    const bool is_meant = view.restored == nullptr || key.second == view.restored->incarnation;
    if (key.first == topic && is_meant) view.archived = &state;  // the newest
  }
  if (view.archived == nullptr) co_return nullptr;
  const auto mapped = options_.topic_mapping.find(topic);
  view.target = view.restored != nullptr                 ? view.restored->target
                : mapped == options_.topic_mapping.end() ? topic
                                                         : mapped->second;
  const std::vector<std::string> names = {view.target};
  ODK_CO_TRY(const cluster::MetadataPtr metadata,
             co_await cluster_->refresh(names, cluster_->request_deadline()));
  const cluster::Topic* const existing = metadata->topic(view.target);
  if (existing != nullptr && existing->error == proto::ErrorCode::kNone) {
    view.target_id = existing->id;
    view.target_partitions = existing->partitions.size();
  }
  TopicView& stored = views_.emplace(topic, std::move(view)).first->second;
  if (stored.restored != nullptr) {
    ODK_CO_TRY_VOID(co_await workers_->run([this, &stored] { return read_maps(stored); }));
  }
  co_return &stored;
}

Result<void> PositionPlanner::read_maps(TopicView& view) {
  const RestoredTopic& restored = *view.restored;
  view.restored_ends = restored.bases;
  for (const auto& [partition, end] : restored.ends) {
    ODK_TRY(OffsetMap map, OffsetMap::open(*store_, offset_map_prefix(keys_, restore_->restore_id,
                                                                      restored.source, partition)));
    ODK_TRY_VOID(map.for_each_run([&view](const OffsetRun& run) {
      int64_t& last = view.restored_ends[run.target_partition];
      last = std::max(last, run.target_first + run.count);
    }));
    view.maps.emplace(partition, std::move(map));
  }
  return {};
}

io::Task<Result<void>> PositionPlanner::plan_group(const GroupState& archived,
                                                   PlannedGroup& group) {
  for (const GroupOffset& offset : archived.offsets) {
    if (!options_.topics.matches(offset.topic)) continue;
    const std::string where = fmt::format("{}-{}", offset.topic, offset.partition);
    ODK_CO_TRY(TopicView* const view, co_await view_of(offset.topic));
    if (view == nullptr || offset.partition >= view->archived->facts.partition_count) {
      group.left_out.push_back(where + ": not in the archive");
      continue;
    }
    if (view->target_partitions == 0) {
      group.left_out.push_back(where + ": the target has no topic " + view->target);
      continue;
    }
    PlannedPosition position;
    position.topic = offset.topic;
    position.partition = offset.partition;
    position.offset = offset.offset;
    position.target_topic = view->target;
    position.target_partition = offset.partition;
    position.metadata = offset.metadata;
    ODK_CO_TRY(const std::vector<PlannedPosition> found, co_await find(*view, position));
    if (found.empty()) {
      group.left_out.push_back(fmt::format("{}: {} finds no place for it", where,
                                           position_strategy_name(options_.strategy)));
    }
    for (const PlannedPosition& one : found) group.positions.push_back(one);
  }
  co_return Result<void>{};
}

bool PositionPlanner::tries(PositionStrategy strategy) const {
  return options_.strategy == strategy || options_.strategy == PositionStrategy::kAutomatic ||
         options_.strategy == PositionStrategy::kManual;
}

io::Task<PositionPlanner::Found> PositionPlanner::find(const TopicView& view,
                                                       const PlannedPosition& position) {
  if (!view.archived->partitions.contains(position.partition)) {
    co_return co_await find_in_empty(view, position);
  }
  if (tries(PositionStrategy::kMap) && view.maps.contains(position.partition)) {
    const std::string topic = position.topic;
    Found found = co_await workers_->run(
        [this, &topic, &position] { return find_in_map(views_.at(topic), position); });
    co_return found;
  }
  const bool is_there = static_cast<size_t>(position.target_partition) < view.target_partitions;
  if (!is_there) co_return std::vector<PlannedPosition>{};
  if (tries(PositionStrategy::kScan)) {
    Found found = co_await find_by_scan(view, position);
    if (!found || !found->empty()) co_return found;
  }
  if (tries(PositionStrategy::kTimestamp)) co_return co_await find_by_time(view, position);
  co_return std::vector<PlannedPosition>{};
}

// The archive has no record of this partition: the group goes on with the first that comes.
io::Task<PositionPlanner::Found> PositionPlanner::find_in_empty(const TopicView& view,
                                                                PlannedPosition position) {
  position.note = "the archive has no records there";
  const auto base = view.restored_ends.find(position.target_partition);
  if (base != view.restored_ends.end()) {
    position.target_offset = base->second;
    co_return std::vector<PlannedPosition>{std::move(position)};
  }
  if (view.restored != nullptr ||
      static_cast<size_t>(position.target_partition) >= view.target_partitions) {
    co_return std::vector<PlannedPosition>{};
  }
  const TopicPartition partition{view.target, view.target_id, position.target_partition};
  ODK_CO_TRY(position.target_offset,
             co_await target_.offset_at(partition, Source::Special::kEarliest,
                                        IsolationLevel::kReadUncommitted));
  position.found_by = PositionStrategy::kTimestamp;
  position.is_exact = false;
  co_return std::vector<PlannedPosition>{std::move(position)};
}

// Behind the last restored record is where the restore ended, not where the topic ends now.
PositionPlanner::Found PositionPlanner::find_in_map(TopicView& view,
                                                    const PlannedPosition& position) {
  const RestoredTopic& restored = *view.restored;
  OffsetMap& map = view.maps.at(position.partition);
  std::vector<int32_t> targets;
  if (restored.is_spread()) {
    for (const auto& [partition, base] : restored.bases) targets.push_back(partition);
  } else {
    targets.push_back(static_cast<int32_t>(restored.targets.at(position.partition)));
  }
  std::vector<PlannedPosition> found;
  for (const int32_t target : targets) {
    ODK_TRY(const std::optional<OffsetMap::Position> at, map.target_of(position.offset, target));
    PlannedPosition planned = position;
    planned.found_by = PositionStrategy::kMap;
    planned.target_partition = target;
    planned.target_offset = at ? at->offset : view.restored_ends[target];
    if (!at) planned.note = "behind the last restored record";
    if (at && !at->is_exact && !restored.is_spread()) planned.note = "the next restored record";
    found.push_back(std::move(planned));
  }
  return found;
}

io::Task<PositionPlanner::Found> PositionPlanner::find_by_scan(const TopicView& view,
                                                               PlannedPosition position) {
  const TopicPartition partition{view.target, view.target_id, position.target_partition};
  ODK_CO_TRY(const std::optional<int64_t> offset,
             co_await scan_for_original(target_, partition, position.offset));
  if (!offset) co_return std::vector<PlannedPosition>{};
  position.found_by = PositionStrategy::kScan;
  position.target_offset = *offset;
  co_return std::vector<PlannedPosition>{std::move(position)};
}

io::Task<PositionPlanner::Found> PositionPlanner::find_by_time(const TopicView& view,
                                                               PlannedPosition position) {
  const PartitionState& archived = view.archived->partitions.at(position.partition);
  const int64_t offset = position.offset;
  ODK_CO_TRY(const std::optional<TimestampMs> time,
             co_await workers_->run(
                 [this, &archived, offset] { return time_at(*store_, archived, offset); }));
  const TopicPartition partition{view.target, view.target_id, position.target_partition};
  // Negative times have a meaning of their own in the request.
  Source::Special asked = Source::Special::kLatest;
  if (time) asked = *time < 0 ? Source::Special::kEarliest : static_cast<Source::Special>(*time);
  ODK_CO_TRY(int64_t found,
             co_await target_.offset_at(partition, asked, IsolationLevel::kReadUncommitted));
  if (found < 0) {
    ODK_CO_TRY(found, co_await target_.offset_at(partition, Source::Special::kLatest,
                                                 IsolationLevel::kReadUncommitted));
  }
  position.found_by = PositionStrategy::kTimestamp;
  position.target_offset = found;
  position.is_exact = false;
  co_return std::vector<PlannedPosition>{std::move(position)};
}

}  // namespace odradek::backup
