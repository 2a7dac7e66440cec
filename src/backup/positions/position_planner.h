#pragma once

#include <map>
#include <optional>
#include <string>

#include "backup/archive/archive.h"
#include "backup/engine/source.h"
#include "backup/engine/topic_filter.h"
#include "backup/positions/position_plan.h"
#include "backup/restore/offset_map.h"
#include "backup/restore/restore_state.h"
#include "io/worker_pool.h"

namespace odradek::backup {

struct PositionOptions {
  std::string backup_id{};
  std::string restore_id{};  // empty: the newest finished restore into the target
  NameFilter groups{};
  NameFilter topics{};       // of the archive
  PositionStrategy strategy = PositionStrategy::kAutomatic;
  // Positions to carry over instead of the archive's: of a source that still runs.
  std::optional<GroupsSnapshot> live_groups{};
  std::map<std::string, std::string> topic_mapping{};  // where no restore says it
};

// Says where the groups of an archive would stand in the target. Changes nothing. One loop.
class PositionPlanner {
 public:
  // Borrows everything.
  PositionPlanner(cluster::Cluster& cluster, store::ObjectStore& store, io::WorkerPool& workers,
                  PositionOptions options);

  // Errors: kNotFound (no such backup, restore or named group; no groups captured), kMalformed and
  // kChecksum (archive damaged), kIo, what the cluster answers.
  io::Task<Result<PositionPlan>> plan();

 private:
  // What is known of one archived topic in the target.
  struct TopicView {
    const TopicState* archived = nullptr;
    const RestoredTopic* restored = nullptr;
    std::string target;
    Uuid target_id;
    size_t target_partitions = 0;  // 0: it is not there
    std::map<int32_t, OffsetMap> maps{};  // by source partition
    std::map<int32_t, int64_t> restored_ends{};  // by target partition: behind the last record
  };
  using Found = Result<std::vector<PlannedPosition>>;

  io::Task<Result<void>> read_archive_and_restore();
  io::Task<Result<GroupsSnapshot>> archived_groups();
  io::Task<Result<TopicView*>> view_of(std::string topic);
  Result<void> read_maps(TopicView& view);
  io::Task<Result<void>> plan_group(const GroupState& archived, PlannedGroup& group);
  io::Task<Found> find(const TopicView& view, const PlannedPosition& position);
  io::Task<Found> find_in_empty(const TopicView& view, PlannedPosition position);
  Found find_in_map(TopicView& view, const PlannedPosition& position);
  io::Task<Found> find_by_scan(const TopicView& view, PlannedPosition position);
  io::Task<Found> find_by_time(const TopicView& view, PlannedPosition position);
  bool tries(PositionStrategy strategy) const;

  cluster::Cluster* cluster_;
  store::ObjectStore* store_;
  io::WorkerPool* workers_;
  PositionOptions options_;
  ArchiveKeys keys_;
  Source target_;
  ArchiveState archive_;
  std::optional<RestoreState> restore_;
  std::map<std::string, TopicView> views_;
};

}  // namespace odradek::backup
