#include "backup/cli/offset_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backup/cli/restore_report.h"
#include "backup/cli/session.h"
#include "backup/positions/capture_groups.h"
#include "backup/positions/position_executor.h"
#include "backup/restore/offset_map.h"
#include "backup/restore/verify_restore.h"

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kExitPartly = 6;

Result<PositionPlan> make_plan(Session& session, const Settings& settings) {
  ODK_TRY(PositionOptions options, position_options(settings));
  PositionPlanner planner(*session.cluster, *session.store, session.runtime.workers,
                          std::move(options));
  return session.wait(planner.plan());
}

std::string first_bootstrap(const Settings& settings) {
  std::string list;
  for (const std::string& address : settings.target.bootstrap_servers) {
    list += (list.empty() ? "" : ",") + address;
  }
  return list;
}

std::string show_plan(const PositionPlan& plan, const Settings& settings, OutputFormat format) {
  switch (format) {
    case OutputFormat::kText: return position_plan_text(plan);
    case OutputFormat::kCsv: return position_plan_csv(plan);
    case OutputFormat::kShell: return position_plan_script(plan, first_bootstrap(settings));
    default: return render(Json::parse(position_plan_json(plan)), format);
  }
}

// The maps of one restore, a line or an object for each run.
struct MapPrinter {
  OutputFormat format;
  Json runs = Json::array();

  void add(const std::string& topic, int32_t partition, const std::string& target,
           const OffsetRun& run) {
    if (format == OutputFormat::kText || format == OutputFormat::kCsv) {
      const std::string_view form = format == OutputFormat::kText ? "{}-{} {}..{} -> {}-{} {}..{}\n"
                                                                  : "{},{},{},{},{},{},{},{}\n";
      fmt::print(fmt::runtime(form), topic, partition, run.source_first,
                 run.source_first + run.count - 1, target, run.target_partition, run.target_first,
                 run.target_first + run.count - 1);
      return;
    }
    runs.push_back({{"topic", topic},
                    {"partition", partition},
                    {"first", run.source_first},
                    {"last", run.source_first + run.count - 1},
                    {"target_topic", target},
                    {"target_partition", run.target_partition},
                    {"target_first", run.target_first}});
  }
};

}  // namespace

Result<int> run_offset_plan(const Settings& settings, OutputFormat format) {
  ODK_TRY(const std::unique_ptr<Session> session, open_session(settings));
  ODK_TRY(const PositionPlan plan, make_plan(*session, settings));
  fmt::print("{}", show_plan(plan, settings, format));
  return 0;
}

Result<int> run_offset_script(const Settings& settings, OutputFormat /*format*/) {
  return run_offset_plan(settings, OutputFormat::kShell);
}

Result<int> run_offset_execute(const Settings& settings, OutputFormat format) {
  ODK_TRY(const std::unique_ptr<Session> session, open_session(settings));
  ODK_TRY(const PositionPlan plan, make_plan(*session, settings));
  if (settings.positions.strategy == PositionStrategy::kManual ||
      settings.positions.strategy == PositionStrategy::kSkip) {
    return Error(Errc::kConfig, "strategies manual and skip commit nothing: use offset-reset plan");
  }
  PositionExecutor executor(*session->cluster, *session->store, session->runtime.workers,
                            session->runtime.clock, session->keys);
  ODK_TRY(const ExecutionReport report, session->wait(executor.execute(plan)));
  if (format == OutputFormat::kText) fmt::print("{}", position_plan_text(plan));
  fmt::print("{}", execution_report(report, format));
  return report.is_complete() ? 0 : kExitPartly;
}

Result<int> run_snapshot_groups(const Settings& settings, OutputFormat format) {
  ODK_TRY(const std::unique_ptr<Session> session, open_session(settings, "source"));
  CaptureOptions options;
  options.backup_id = settings.backup_id;
  options.owner = "kafka-backup snapshot-groups";
  ODK_TRY(options.groups,
          NameFilter::make(settings.source.groups_include, settings.source.groups_exclude));
  ODK_TRY(const CapturedGroups captured,
          session->wait(capture_groups(*session->cluster, *session->store, session->runtime.workers,
                                       session->runtime.clock, std::move(options))));
  if (format != OutputFormat::kText) {
    fmt::print("{}", render(Json{{"groups", captured.groups},
                                 {"positions", captured.positions},
                                 {"commit", captured.commit}},
                            format));
    return 0;
  }
  fmt::print("{} positions of {} groups, commit {}\n", captured.positions, captured.groups,
             captured.commit);
  return 0;
}

Result<int> run_show_offset_mapping(const Settings& settings, OutputFormat format) {
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  ODK_TRY(const NameFilter topics,
          NameFilter::make(settings.target.topics_include, settings.target.topics_exclude));
  ODK_TRY(std::vector<RestoreState> restores, read_restores(*store, keys));
  const std::string& wanted = settings.restore.restore_id;
  std::erase_if(restores, [&wanted](const RestoreState& restore) {
    return wanted.empty() ? restore.phase != RestorePhase::kDone : restore.restore_id != wanted;
  });
  if (restores.empty()) {
    return Error(Errc::kNotFound, fmt::format("backup {} has no such restore", keys.backup_id()));
  }
  const RestoreState& restore = restores.back();
  MapPrinter printer{.format = format};
  if (format == OutputFormat::kCsv) {
    fmt::print(
        "topic,partition,first,last,target_topic,target_partition,target_first,target_last\n");
  }
  for (const RestoredTopic& topic : restore.topics) {
    if (!topics.matches(topic.source)) continue;
    for (const auto& [partition, end] : topic.ends) {
      ODK_TRY(OffsetMap map, OffsetMap::open(*store, offset_map_prefix(keys, restore.restore_id,
                                                                       topic.source, partition)));
      ODK_TRY_VOID(map.for_each_run(
          [&](const OffsetRun& run) { printer.add(topic.source, partition, topic.target, run); }));
    }
  }
  if (format == OutputFormat::kJson || format == OutputFormat::kYaml) {
    fmt::print("{}",
               render(Json{{"restore_id", restore.restore_id}, {"runs", std::move(printer.runs)}},
                      format));
  }
  return 0;
}

}  // namespace odradek::backup
