#include "backup/cli/backup_command.h"

#include <fmt/format.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "backup/cli/progress.h"
#include "backup/cli/runtime.h"
#include "io/signals.h"
#include "io/task_group.h"

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

io::Task<void> stop_on_signal(io::SignalWatch& signals, BackupJob& job, int& caught) {
  const Result<int> signal = co_await signals.wait();
  if (!signal) co_return;
  caught = *signal;
  job.stop();
  // A second signal means now: what is committed is safe.
  const Result<int> again = co_await signals.wait();
  if (again) std::_Exit(128 + *again);
}

io::Task<Result<BackupReport>> backup_until_signal(Runtime& runtime, BackupJob& job, int& caught) {
  io::SignalWatch signals(runtime.loop, {SIGINT, SIGTERM});
  io::TaskGroup watching(runtime.loop);
  watching.spawn(stop_on_signal(signals, job, caught));
  Result<BackupReport> report = co_await job.run();
  watching.cancel();
  co_await watching.join();
  co_return report;
}

void print_backup_report(const BackupReport& report, OutputFormat format, double seconds) {
  const double gigabytes = static_cast<double>(report.copied.raw_bytes) / 1e9;
  const double cpu_per_gb = per(cpu_seconds(), gigabytes);
  const double ratio = per(static_cast<double>(report.copied.raw_bytes),
                           static_cast<double>(report.copied.stored_bytes));
  if (format == OutputFormat::kJson) {
    fmt::print("{}\n", Json{{"topics", report.topics},
                            {"partitions", report.partitions},
                            {"groups", report.groups},
                            {"records", report.copied.records},
                            {"raw_bytes", report.copied.raw_bytes},
                            {"stored_bytes", report.copied.stored_bytes},
                            {"segments", report.copied.segments},
                            {"through_commit", report.through_commit},
                            {"gaps", report.gaps},
                            {"seconds", seconds},
                            {"cpu_seconds_per_gb", cpu_per_gb}}
                           .dump());
    return;
  }
  for (const std::string& gap : report.gaps) fmt::print("GAP  {}\n", gap);
  fmt::print(
      "{} records of {} topics ({} partitions), {} groups: {} stored in {} ({:.1f}x), {}/s, "
      "{:.2f} CPU s/GB, {} gaps\n",
      report.copied.records, report.topics, report.partitions, report.groups,
      format_bytes(report.copied.raw_bytes), format_bytes(report.copied.stored_bytes), ratio,
      format_bytes(
          static_cast<uint64_t>(per(static_cast<double>(report.copied.raw_bytes), seconds))),
      cpu_per_gb, report.gaps.size());
}

}  // namespace

Result<int> run_backup(const Settings& settings, OutputFormat format) {
  ODK_TRY_VOID(archive_keys(settings));
  ODK_TRY(BackupOptions options,
          backup_options(settings.backup_id, settings.source, settings.backup));
  ODK_TRY(cluster::ClusterOptions source, cluster_options(settings.source, "source"));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  Runtime runtime;
  ProgressLine progress(runtime.clock);
  options.on_progress = [&progress](const BackupProgress& p) {
    progress.show("back up", p.offsets_done, p.offsets_total, p.raw_bytes);
  };
  const MonotonicTime started = runtime.clock.now();
  cluster::Cluster cluster(runtime.loop, std::move(source));
  BackupJob job(cluster, *store, runtime.workers, runtime.clock, std::move(options));
  int caught = 0;
  Result<BackupReport> report = runtime.loop.block_on(backup_until_signal(runtime, job, caught));
  runtime.loop.block_on(cluster.stop());
  progress.finish();
  if (!report) return report.error();
  const std::chrono::duration<double> seconds = runtime.clock.now() - started;
  print_backup_report(*report, format, seconds.count());
  constexpr int kExitWithGaps = 6;
  if (caught != 0) return 128 + caught;
  return report->gaps.empty() ? 0 : kExitWithGaps;
}

}  // namespace odradek::backup
