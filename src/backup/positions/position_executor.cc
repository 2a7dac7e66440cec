#include "backup/positions/position_executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace odradek::backup {
namespace {

using Where = std::pair<std::string, int32_t>;

std::map<Where, GroupOffset> by_partition(const std::vector<GroupOffset>& positions) {
  std::map<Where, GroupOffset> map;
  for (const GroupOffset& position : positions) {
    map[{position.topic, position.partition}] = position;
  }
  return map;
}

// Leader epochs may be another cluster's: they are dropped.
std::vector<GroupOffset> commits_of(const PlannedGroup& group) {
  std::vector<GroupOffset> commits;
  commits.reserve(group.positions.size());
  for (const PlannedPosition& p : group.positions) {
    commits.push_back({p.target_topic, p.target_partition, p.target_offset, -1, p.metadata});
  }
  return commits;
}

bool is_same(const GroupOffset& a, const GroupOffset& b) {
  return a.offset == b.offset && a.metadata == b.metadata;
}

}  // namespace

bool ExecutionReport::is_complete() const {
  return std::ranges::all_of(groups, &ExecutedGroup::is_done);
}

PositionExecutor::PositionExecutor(cluster::Cluster& cluster, store::ObjectStore& store,
                                   io::WorkerPool& workers, Clock& clock, ArchiveKeys keys)
    : cluster_(&cluster),
      store_(&store),
      workers_(&workers),
      clock_(&clock),
      keys_(std::move(keys)),
      control_(cluster) {}

io::Task<Result<ExecutionReport>> PositionExecutor::execute(PositionPlan plan) {
  ExecutionReport report;
  std::erase_if(plan.groups, [](const PlannedGroup& group) { return group.positions.empty(); });
  if (plan.groups.empty()) co_return report;
  std::vector<std::string> names;
  names.reserve(plan.groups.size());
  for (const PlannedGroup& group : plan.groups) names.push_back(group.id);
  ODK_CO_TRY_VOID(co_await check_no_members(names));
  ODK_CO_TRY(const PositionSnapshot before, co_await snapshot(names, "offset-reset execute"));
  report.snapshot_id = before.id;
  for (size_t i = 0; i < plan.groups.size(); ++i) {
    ExecutedGroup executed{.id = plan.groups[i].id, .positions = plan.groups[i].positions.size()};
    const Result<void> done = co_await commit_and_compare(plan.groups[i]);
    executed.is_done = done.has_value();
    if (!done) {
      executed.error = done.error().to_string();
      const Result<void> undone = co_await roll_back_group(before.groups[i]);
      executed.was_rolled_back = undone.has_value();
      if (!undone) executed.error += "; rolling back: " + undone.error().to_string();
    }
    report.groups.push_back(std::move(executed));
  }
  co_return report;
}

io::Task<Result<void>> PositionExecutor::check_no_members(std::vector<std::string> groups) {
  std::string busy;
  for (const std::string& group : groups) {
    ODK_CO_TRY(const GroupNow now, co_await control_.describe(group));
    for (const std::string& member : now.members) {
      busy +=
          fmt::format("{}group {} ({}): {}", busy.empty() ? "" : "; ", group, now.state, member);
    }
  }
  if (busy.empty()) co_return Result<void>{};
  co_return Error(Errc::kPrecondition, "groups have members, stop them first: " + busy);
}

io::Task<Result<void>> PositionExecutor::commit_and_compare(PlannedGroup group) {
  const std::vector<GroupOffset> commits = commits_of(group);
  ODK_CO_TRY_VOID(co_await control_.commit(group.id, commits));
  ODK_CO_TRY(const std::vector<GroupOffset> read, co_await control_.positions(group.id));
  const std::map<Where, GroupOffset> now = by_partition(read);
  for (const GroupOffset& commit : commits) {
    const auto found = now.find({commit.topic, commit.partition});
    if (found != now.end() && is_same(found->second, commit)) continue;
    co_return Error(Errc::kPrecondition,
                    fmt::format("group {}: the position in {}-{} reads back differently", group.id,
                                commit.topic, commit.partition));
  }
  co_return Result<void>{};
}

io::Task<Result<PositionSnapshot>> PositionExecutor::snapshot(std::vector<std::string> groups,
                                                              std::string reason) {
  ODK_CO_TRY(const cluster::MetadataPtr metadata,
             co_await cluster_->refresh({}, cluster_->request_deadline()));
  PositionSnapshot taken;
  taken.at = clock_->wall_ms();
  taken.id = fmt::format("{}-{}", taken.at, Uuid::random().to_string());
  taken.cluster_id = metadata->cluster_id;
  taken.reason = std::move(reason);
  for (const std::string& group : groups) {
    GroupBefore before;
    before.id = group;
    ODK_CO_TRY(const GroupNow now, co_await control_.describe(group));
    before.existed = now.exists;
    ODK_CO_TRY(before.positions, co_await control_.positions(group));
    taken.groups.push_back(std::move(before));
  }
  ODK_CO_TRY_VOID(
      co_await workers_->run([this, &taken] { return write_snapshot(*store_, keys_, taken); }));
  co_return taken;
}

io::Task<Result<ExecutionReport>> PositionExecutor::roll_back(PositionSnapshot snapshot) {
  ODK_CO_TRY(const cluster::MetadataPtr metadata,
             co_await cluster_->refresh({}, cluster_->request_deadline()));
  if (snapshot.cluster_id != metadata->cluster_id) {
    co_return Error(Errc::kPrecondition,
                    fmt::format("snapshot {} is of cluster {}, this is {}", snapshot.id,
                                snapshot.cluster_id, metadata->cluster_id));
  }
  std::vector<std::string> names;
  names.reserve(snapshot.groups.size());
  for (const GroupBefore& group : snapshot.groups) names.push_back(group.id);
  ODK_CO_TRY_VOID(co_await check_no_members(names));
  ExecutionReport report;
  report.snapshot_id = snapshot.id;
  for (const GroupBefore& before : snapshot.groups) {
    ExecutedGroup executed{.id = before.id, .positions = before.positions.size()};
    Result<void> done = co_await roll_back_group(before);
    if (done) {
      ODK_CO_TRY(const std::vector<std::string> left, co_await differences(before));
      if (!left.empty()) done = Error(Errc::kPrecondition, left.front());
    }
    executed.is_done = done.has_value();
    if (!done) executed.error = done.error().to_string();
    report.groups.push_back(std::move(executed));
  }
  co_return report;
}

io::Task<Result<void>> PositionExecutor::roll_back_group(GroupBefore before) {
  if (!before.existed) co_return co_await control_.remove_group(before.id);
  ODK_CO_TRY(const std::vector<GroupOffset> now, co_await control_.positions(before.id));
  const std::map<Where, GroupOffset> wanted = by_partition(before.positions);
  std::vector<GroupOffset> extra;
  for (const GroupOffset& position : now) {
    if (!wanted.contains({position.topic, position.partition})) extra.push_back(position);
  }
  ODK_CO_TRY_VOID(co_await control_.commit(before.id, before.positions));
  co_return co_await control_.remove(before.id, std::move(extra));
}

io::Task<Result<std::vector<std::string>>> PositionExecutor::compare(PositionSnapshot snapshot) {
  std::vector<std::string> all;
  for (const GroupBefore& before : snapshot.groups) {
    ODK_CO_TRY(const std::vector<std::string> found, co_await differences(before));
    all.insert(all.end(), found.begin(), found.end());
  }
  co_return all;
}

io::Task<Result<std::vector<std::string>>> PositionExecutor::differences(GroupBefore before) {
  ODK_CO_TRY(const std::vector<GroupOffset> read, co_await control_.positions(before.id));
  const std::map<Where, GroupOffset> now = by_partition(read);
  const std::map<Where, GroupOffset> wanted = by_partition(before.positions);
  std::vector<std::string> found;
  for (const auto& [where, position] : wanted) {
    const auto other = now.find(where);
    if (other != now.end() && is_same(other->second, position)) continue;
    found.push_back(fmt::format(
        "group {}: {}-{} was at {}, is {}", before.id, where.first, where.second, position.offset,
        other == now.end() ? "gone" : fmt::format("at {}", other->second.offset)));
  }
  for (const auto& [where, position] : now) {
    if (wanted.contains(where)) continue;
    found.push_back(fmt::format("group {}: {}-{} had no position, is at {}", before.id, where.first,
                                where.second, position.offset));
  }
  co_return found;
}

}  // namespace odradek::backup
