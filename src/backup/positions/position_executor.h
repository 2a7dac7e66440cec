#pragma once

#include <string>
#include <vector>

#include "backup/positions/group_control.h"
#include "backup/positions/position_plan.h"
#include "backup/positions/position_snapshot.h"
#include "io/worker_pool.h"

namespace odradek::backup {

struct ExecutedGroup {
  std::string id{};
  size_t positions = 0;
  bool is_done = false;
  bool was_rolled_back = false;
  std::string error{};  // why it is not done
};

struct ExecutionReport {
  std::string snapshot_id;  // what a rollback takes; empty: nothing was changed
  std::vector<ExecutedGroup> groups;

  bool is_complete() const;
};

// Does what a PositionPlan says, and undoes it. Takes a snapshot first. One loop.
class PositionExecutor {
 public:
  // Borrows everything.
  PositionExecutor(cluster::Cluster& cluster, store::ObjectStore& store, io::WorkerPool& workers,
                   Clock& clock, ArchiveKeys keys);

  // Commits all positions of a group at once, reads them back and compares; a group where that
  // fails gets its old positions back. Errors before anything is changed: kPrecondition naming the
  // members of groups that have some, kIo, what the cluster answers.
  io::Task<Result<ExecutionReport>> execute(PositionPlan plan);

  // kPrecondition naming the members of groups that have some.
  io::Task<Result<void>> check_no_members(std::vector<std::string> groups);

  // Writes down where the groups stand.
  io::Task<Result<PositionSnapshot>> snapshot(std::vector<std::string> groups, std::string reason);
  // Brings the groups of a snapshot back to it: positions that were not there are deleted, and
  // groups that did not exist. kPrecondition as execute(), and for another cluster's snapshot.
  io::Task<Result<ExecutionReport>> roll_back(PositionSnapshot snapshot);
  // What differs from the snapshot now, a sentence each.
  io::Task<Result<std::vector<std::string>>> compare(PositionSnapshot snapshot);

 private:
  io::Task<Result<void>> commit_and_compare(PlannedGroup group);
  io::Task<Result<void>> roll_back_group(GroupBefore before);
  io::Task<Result<std::vector<std::string>>> differences(GroupBefore before);

  cluster::Cluster* cluster_;
  store::ObjectStore* store_;
  io::WorkerPool* workers_;
  Clock* clock_;
  ArchiveKeys keys_;
  GroupControl control_;
};

}  // namespace odradek::backup
