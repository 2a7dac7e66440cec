#include "backup/cli/restore_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "backup/cli/position_settings.h"
#include "backup/cli/progress.h"
#include "backup/cli/restore_report.h"
#include "backup/cli/session.h"
#include "backup/positions/position_planner.h"
#include "io/signals.h"
#include "io/task_group.h"

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kExitIntegrity = 5;
constexpr int kExitPartly = 6;
constexpr int kExitPrecondition = 9;

Result<RestorePlan> make_plan(Session& session, RestoreOptions options) {
  Runtime& runtime = session.runtime;
  RestoreJob job(*session.cluster, *session.store, runtime.workers, runtime.clock,
                 std::move(options));
  return session.wait(job.plan());
}

int print_plan(const RestorePlan& plan, OutputFormat format) {
  fmt::print("{}", format == OutputFormat::kText ? plan_text(plan)
                                                 : render(Json::parse(plan_json(plan)), format));
  return plan.has_conflicts() ? kExitPrecondition : 0;
}

// A restore may end at any moment, so a signal ends it at once.
io::Task<void> end_on_signal(io::SignalWatch& signals) {
  const Result<int> signal = co_await signals.wait();
  if (!signal) co_return;
  fmt::print(stderr, "\nkafka-backup: stopped by signal {}: the same command goes on from here\n",
             *signal);
  std::_Exit(128 + *signal);
}

io::Task<Result<RestoreReport>> restore_until_signal(Runtime& runtime, RestoreJob& job) {
  io::SignalWatch signals(runtime.loop, {SIGINT, SIGTERM});
  io::TaskGroup watching(runtime.loop);
  watching.spawn(end_on_signal(signals));
  Result<RestoreReport> report = co_await job.run();
  watching.cancel();
  co_await watching.join();
  co_return report;
}

Result<RestoreReport> restore_topics(Session& session, RestoreOptions options) {
  Runtime& runtime = session.runtime;
  ProgressLine progress(runtime.clock);
  options.on_progress = [&progress](const RestoreProgress& p) {
    progress.show(p.step, p.records_done, p.records_total, p.bytes_done);
  };
  RestoreJob job(*session.cluster, *session.store, runtime.workers, runtime.clock,
                 std::move(options));
  Result<RestoreReport> report = session.wait(restore_until_signal(runtime, job));
  progress.finish();
  return report;
}

// Groups that are in use are found before hours are spent on topics.
Result<void> check_groups(Session& session, const RestoreOptions& options) {
  ODK_TRY(const ArchiveState archive, read_archive(*session.store, session.keys));
  if (archive.groups_key.empty()) return {};
  ODK_TRY(const GroupsSnapshot snapshot, read_groups(*session.store, archive.groups_key));
  std::vector<std::string> names;
  for (const GroupState& group : snapshot.groups) {
    const bool is_concerned = std::ranges::any_of(
        group.offsets,
        [&options](const GroupOffset& offset) { return options.topics.matches(offset.topic); });
    if (is_concerned && !group.is_share() && options.groups.matches(group.id)) {
      names.push_back(group.id);
    }
  }
  PositionExecutor executor(*session.cluster, *session.store, session.runtime.workers,
                            session.runtime.clock, session.keys);
  return session.wait(executor.check_no_members(std::move(names)));
}

// Positions by the map of the restore that was just done.
Result<void> restore_positions(Session& session, const Settings& settings,
                               FullRestoreReport& full) {
  Runtime& runtime = session.runtime;
  ODK_TRY(PositionOptions options, position_options(settings));
  options.restore_id = full.restore.restore_id;
  PositionPlanner planner(*session.cluster, *session.store, runtime.workers, options);
  Result<PositionPlan> plan = session.wait(planner.plan());
  if (!plan && plan.error().code() == Errc::kNotFound && options.groups.include().empty()) {
    full.positions_left_out = plan.error().message();
    return {};
  }
  if (!plan) return plan.error();
  full.positions = *std::move(plan);
  if (options.strategy == PositionStrategy::kManual) {
    full.positions_left_out = "strategy manual: nothing is committed";
    return {};
  }
  PositionExecutor executor(*session.cluster, *session.store, runtime.workers, runtime.clock,
                            session.keys);
  ODK_TRY(full.execution, session.wait(executor.execute(full.positions)));
  return {};
}

Result<int> restore(const Settings& settings, OutputFormat format, bool needs_positions) {
  ODK_TRY(RestoreOptions options,
          restore_options(settings.backup_id, settings.target, settings.restore));
  ODK_TRY(const std::unique_ptr<Session> session, open_session(settings));
  if (settings.restore.dry_run) {
    ODK_TRY(const RestorePlan plan, make_plan(*session, std::move(options)));
    return print_plan(plan, format);
  }
  const MonotonicTime started = session->runtime.clock.now();
  const PositionStrategy strategy = settings.positions.strategy;
  if (strategy != PositionStrategy::kSkip && strategy != PositionStrategy::kManual) {
    ODK_TRY_VOID(check_groups(*session, options));
  }
  FullRestoreReport full;
  ODK_TRY(full.restore, restore_topics(*session, std::move(options)));
  Result<void> positions;
  if (strategy == PositionStrategy::kSkip) {
    full.positions_left_out = "strategy skip";
  } else {
    positions = restore_positions(*session, settings, full);
  }
  const std::chrono::duration<double> seconds = session->runtime.clock.now() - started;
  full.seconds = seconds.count();
  fmt::print("{}", restore_report(full, format));
  if (positions && needs_positions && !full.positions_left_out.empty()) {
    positions = Error(Errc::kPrecondition, full.positions_left_out);
  }
  if (!positions) {
    return positions.error().with_context("the topics are restored, the positions are not");
  }
  return full.execution.is_complete() ? 0 : kExitPartly;
}

}  // namespace

Result<int> run_restore(const Settings& settings, OutputFormat format) {
  return restore(settings, format, /*needs_positions=*/false);
}

Result<int> run_three_phase_restore(const Settings& settings, OutputFormat format) {
  if (settings.positions.strategy == PositionStrategy::kSkip) {
    return Error(Errc::kConfig, "three-phase-restore sets positions: strategy skip is for restore");
  }
  return restore(settings, format, /*needs_positions=*/true);
}

Result<int> run_restore_abort(const Settings& settings, OutputFormat format) {
  ODK_TRY(const std::unique_ptr<Session> session, open_session(settings));
  Runtime& runtime = session->runtime;
  ODK_TRY(const std::vector<std::string> aborted,
          session->wait(abort_restores(*session->cluster, *session->store, runtime.workers,
                                       runtime.clock, session->keys, settings.restore.restore_id)));
  if (format != OutputFormat::kText) {
    fmt::print("{}", render(Json{{"aborted", aborted}}, format));
    return 0;
  }
  for (const std::string& id : aborted) {
    fmt::print("restore {}: configurations are put back, what was loaded stays\n", id);
  }
  if (aborted.empty()) fmt::print("no restore into this cluster is unfinished\n");
  return 0;
}

Result<int> run_validate_restore(const Settings& settings, OutputFormat format) {
  ODK_TRY(RestoreOptions options,
          restore_options(settings.backup_id, settings.target, settings.restore));
  ODK_TRY(const std::unique_ptr<Session> session, open_session(settings));
  ODK_TRY(const RestorePlan plan, make_plan(*session, std::move(options)));
  return print_plan(plan, format);
}

Result<int> run_verify(const Settings& settings, OutputFormat format) {
  ODK_TRY(const std::unique_ptr<Session> session, open_session(settings));
  VerifyRestoreOptions options;
  options.backup_id = settings.backup_id;
  options.restore_id = settings.restore.restore_id;
  options.verify.allows_gone = true;
  options.verify.allows_more = true;
  if (settings.restore.verify_after == VerifyAfter::kSample) {
    options.verify.percent = settings.restore.verify_sample_percent;
  }
  Runtime& runtime = session->runtime;
  ODK_TRY(const VerifyRestoreReport report,
          session->wait(verify_restore(*session->cluster, *session->store, runtime.workers,
                                       std::move(options))));
  fmt::print("{}", verify_report(report, format));
  if (!report.differences.empty()) return kExitIntegrity;
  return report.counters.gone > 0 ? kExitPartly : 0;
}

}  // namespace odradek::backup
