#include "backup/cli/backup_command.h"

#include <fmt/format.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "backup/cli/progress.h"
#include "backup/cli/runtime.h"
#include "backup/cli/status_server.h"
#include "backup/inspect/describe.h"
#include "base/log.h"
#include "io/signals.h"
#include "io/task_group.h"

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kExitWithGaps = 6;
constexpr int kExitSignal = 128;

// Follows the signals of one run.
class Signals {
 public:
  Signals(io::Loop& loop, BackupJob& job, const BackupSettings& settings, ReloadSettings reload)
      : loop_(loop),
        job_(job),
        grace_(settings.shutdown_grace),
        reload_(std::move(reload)),
        watch_(loop, {SIGINT, SIGTERM, SIGHUP, SIGUSR1}),
        tasks_(loop) {
    tasks_.spawn(follow());
  }

  int caught() const { return caught_; }
  io::Task<void> stop() {
    tasks_.cancel();
    co_await tasks_.join();
  }

 private:
  io::Task<void> follow() {
    while (true) {
      const Result<int> signal = co_await watch_.wait();
      if (!signal) co_return;
      if (*signal == SIGUSR1) {
        fmt::print(stderr, "{}", status_json(job_.status()));
      } else if (*signal == SIGHUP) {
        reload_rates();
      } else if (caught_ == 0) {
        caught_ = *signal;
        ODK_LOG(info, "stopping: what is finished is committed", kv("signal", *signal));
        job_.stop();
        tasks_.spawn(end_after_grace());
      } else {
        // A second signal means now: what is committed is safe.
        std::_Exit(kExitSignal + *signal);
      }
    }
  }

  io::Task<void> end_after_grace() {
    const Result<void> slept = co_await io::sleep(loop_, grace_);
    if (!slept) co_return;
    ODK_LOG(error, "the last commit took too long; what was committed before is safe");
    std::_Exit(kExitSignal + caught_);
  }

  void reload_rates() {
    const Result<Settings> settings = reload_();
    if (!settings) {
      ODK_LOG(error, "configuration not taken, the old one stays",
              kv("reason", settings.error().to_string()));
      return;
    }
    job_.set_rate_limits(settings->backup.rate_limit_bytes_per_sec.bytes,
                         static_cast<uint64_t>(settings->backup.rate_limit_records_per_sec));
    ODK_LOG(info, "rate limits read again");
  }

  io::Loop& loop_;
  BackupJob& job_;
  Duration grace_;
  ReloadSettings reload_;
  io::SignalWatch watch_;
  io::TaskGroup tasks_;
  int caught_ = 0;
};

io::Task<Result<BackupReport>> backup_with_signals(BackupJob& job, Signals& signals,
                                                   StatusServer* server) {
  Result<BackupReport> report = co_await job.run();
  co_await signals.stop();
  if (server != nullptr) co_await server->stop();
  co_return report;
}

Json json_of(const BackupReport& report, double seconds, double cpu_per_gb) {
  return {{"topics", report.topics},
          {"partitions", report.partitions},
          {"groups", report.groups},
          {"records", report.copied.records},
          {"raw_bytes", report.copied.raw_bytes},
          {"stored_bytes", report.copied.stored_bytes},
          {"segments", report.copied.segments},
          {"cycles", report.cycles},
          {"through_commit", report.through_commit},
          {"gaps", report.gaps},
          {"warnings", report.warnings},
          {"stopped", report.was_stopped},
          {"seconds", seconds},
          {"cpu_seconds_per_gb", cpu_per_gb}};
}

void print_backup_report(const BackupReport& report, OutputFormat format, double seconds) {
  const double gigabytes = static_cast<double>(report.copied.raw_bytes) / 1e9;
  const double cpu_per_gb = per(cpu_seconds(), gigabytes);
  if (is_structured(format)) {
    fmt::print("{}", render(json_of(report, seconds, cpu_per_gb), format));
    return;
  }
  for (const std::string& gap : report.gaps) fmt::print("GAP  {}\n", gap);
  for (const std::string& warning : report.warnings) fmt::print("NOTE  {}\n", warning);
  const double ratio = per(static_cast<double>(report.copied.raw_bytes),
                           static_cast<double>(report.copied.stored_bytes));
  fmt::print(
      "{} records of {} topics ({} partitions), {} groups: {} stored in {} ({:.1f}x), {}/s, "
      "{:.2f} CPU s/GB, {} gaps\n",
      report.copied.records, report.topics, report.partitions, report.groups,
      format_bytes(report.copied.raw_bytes), format_bytes(report.copied.stored_bytes), ratio,
      format_bytes(
          static_cast<uint64_t>(per(static_cast<double>(report.copied.raw_bytes), seconds))),
      cpu_per_gb, report.gaps.size());
}

// Starts the server if it is wanted. One that nobody asked for by name may find its port taken.
Result<void> start_server(StatusServer& server, const MetricsSettings& settings) {
  const Result<std::string> address = server.listen();
  if (address) {
    ODK_LOG(info, "metrics and health", kv("address", *address));
    return {};
  }
  if (settings.enabled) return address.error().with_context("metrics");
  ODK_LOG(warn, "no metrics", kv("error", address.error().to_string()));
  return {};
}

}  // namespace

Result<int> run_backup(const Settings& settings, OutputFormat format,
                       const ReloadSettings& reload) {
  ODK_TRY_VOID(archive_keys(settings));
  ODK_TRY(BackupOptions options,
          backup_options(settings.backup_id, settings.source, settings.backup));
  ODK_TRY(cluster::ClusterOptions source, cluster_options(settings.source, "source"));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> opened, open_store(settings));
  StoreMeter meter;
  MeasuredStore store(*opened, meter);
  Runtime runtime;
  ProgressLine progress(runtime.clock);
  if (settings.shows_progress) {
    options.on_progress = [&progress](const BackupStatus& status) {
      progress.show("back up", status.offsets_done(), status.offsets_total(),
                    status.copied.fetched_bytes);
    };
  }
  const MonotonicTime started = runtime.clock.now();
  cluster::Cluster cluster(runtime.loop, std::move(source));
  BackupJob job(cluster, store, runtime.workers, runtime.clock, std::move(options));
  StatusServer server(runtime.loop, [&job] { return job.status(); }, meter, settings.metrics);
  const bool serves = settings.metrics.enabled.value_or(settings.backup.continuous);
  if (const Result<void> served = serves ? start_server(server, settings.metrics) : Result<void>();
      !served) {
    runtime.loop.block_on(cluster.stop());
    return served.error();
  }
  Signals signals(runtime.loop, job, settings.backup, reload);
  Result<BackupReport> report =
      runtime.loop.block_on(backup_with_signals(job, signals, serves ? &server : nullptr));
  runtime.loop.block_on(cluster.stop());
  progress.finish();
  if (!report) return report.error();
  const std::chrono::duration<double> seconds = runtime.clock.now() - started;
  print_backup_report(*report, format, seconds.count());
  if (signals.caught() != 0) return kExitSignal + signals.caught();
  return report->gaps.empty() || settings.backup.allow_gaps ? 0 : kExitWithGaps;
}

}  // namespace odradek::backup
