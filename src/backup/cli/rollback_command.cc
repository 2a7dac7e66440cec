#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backup/cli/offset_command.h"
#include "backup/cli/restore_report.h"
#include "backup/cli/session.h"
#include "backup/positions/position_executor.h"

// offset-rollback and what is below it.
namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kExitPartly = 6;
constexpr int kExitPrecondition = 9;

// The groups of the cluster that are meant.
Result<std::vector<std::string>> groups_of(Session& session, const Settings& settings) {
  ODK_TRY(const NameFilter filter,
          NameFilter::make(settings.target.groups_include, settings.target.groups_exclude));
  Source source(*session.cluster);
  ODK_TRY(const std::vector<GroupState> all, session.wait(source.groups({})));
  std::vector<std::string> names;
  for (const GroupState& group : all) {
    if (filter.matches(group.id)) names.push_back(group.id);
  }
  for (const std::string& pattern : filter.include()) {
    const bool is_there = std::ranges::find(names, pattern) != names.end();
    if (is_literal_name(pattern) && !is_there) names.push_back(pattern);  // as "did not exist"
  }
  return names;
}

std::string snapshot_text(const PositionSnapshot& snapshot) {
  std::string out =
      fmt::format("{}  {}  {} groups  cluster {}  {}\n", snapshot.id, format_time(snapshot.at),
                  snapshot.groups.size(), snapshot.cluster_id, snapshot.reason);
  for (const GroupBefore& group : snapshot.groups) {
    out += fmt::format("group {}{}\n", group.id, group.existed ? "" : " (did not exist)");
    for (const GroupOffset& position : group.positions) {
      out += fmt::format("  {}-{} {}\n", position.topic, position.partition, position.offset);
    }
  }
  return out;
}

}  // namespace

Result<int> run_rollback_snapshot(const Settings& settings, OutputFormat format) {
  ODK_TRY(const std::unique_ptr<Session> session, open_session(settings));
  ODK_TRY(const std::vector<std::string> groups, groups_of(*session, settings));
  PositionExecutor executor(*session->cluster, *session->store, session->runtime.workers,
                            session->runtime.clock, session->keys);
  ODK_TRY(const PositionSnapshot taken,
          session->wait(executor.snapshot(groups, "offset-rollback snapshot")));
  fmt::print("{}", format == OutputFormat::kText ? snapshot_text(taken)
                                                 : render(Json::parse(to_json(taken)), format));
  return 0;
}

Result<int> run_rollback_list(const Settings& settings, OutputFormat format) {
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  ODK_TRY(const std::vector<PositionSnapshot> snapshots, read_snapshots(*store, keys));
  Json list = Json::array();
  for (const PositionSnapshot& snapshot : snapshots) {
    if (format == OutputFormat::kText) {
      fmt::print("{}  {}  {} groups  {}\n", snapshot.id, format_time(snapshot.at),
                 snapshot.groups.size(), snapshot.reason);
    }
    list.push_back({{"id", snapshot.id},
                    {"at", snapshot.at},
                    {"cluster_id", snapshot.cluster_id},
                    {"groups", snapshot.groups.size()},
                    {"reason", snapshot.reason}});
  }
  if (format != OutputFormat::kText) fmt::print("{}", render(list, format));
  return 0;
}

Result<int> run_rollback_show(const Settings& settings, OutputFormat format,
                              const std::string& id) {
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  ODK_TRY(const PositionSnapshot snapshot, read_snapshot(*store, keys, id));
  fmt::print("{}", format == OutputFormat::kText ? snapshot_text(snapshot)
                                                 : render(Json::parse(to_json(snapshot)), format));
  return 0;
}

Result<int> run_rollback(const Settings& settings, OutputFormat format, const std::string& id) {
  ODK_TRY(const std::unique_ptr<Session> session, open_session(settings));
  ODK_TRY(const PositionSnapshot snapshot, read_snapshot(*session->store, session->keys, id));
  PositionExecutor executor(*session->cluster, *session->store, session->runtime.workers,
                            session->runtime.clock, session->keys);
  ODK_TRY(const ExecutionReport report, session->wait(executor.roll_back(snapshot)));
  fmt::print("{}", execution_report(report, format));
  return report.is_complete() ? 0 : kExitPartly;
}

Result<int> run_rollback_verify(const Settings& settings, OutputFormat format,
                                const std::string& id) {
  ODK_TRY(const std::unique_ptr<Session> session, open_session(settings));
  ODK_TRY(const PositionSnapshot snapshot, read_snapshot(*session->store, session->keys, id));
  PositionExecutor executor(*session->cluster, *session->store, session->runtime.workers,
                            session->runtime.clock, session->keys);
  ODK_TRY(const std::vector<std::string> found, session->wait(executor.compare(snapshot)));
  if (format == OutputFormat::kText) {
    for (const std::string& difference : found) fmt::print("DIFFERS  {}\n", difference);
    fmt::print("snapshot {}: {} differences\n", id, found.size());
  } else {
    fmt::print("{}", render(Json{{"id", id}, {"differences", found}}, format));
  }
  return found.empty() ? 0 : kExitPrecondition;
}

Result<int> run_rollback_delete(const Settings& settings, OutputFormat /*format*/,
                                const std::string& id) {
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  ODK_TRY_VOID(remove_snapshot(*store, keys, id));
  return 0;
}

}  // namespace odradek::backup
