#include "backup/cli/commands.h"

#include <fmt/format.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "backup/cli/progress.h"
#include "io/signals.h"
#include "io/task_group.h"
#include "store/file_store.h"

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kWorkerThreads = 2;

Result<std::unique_ptr<store::ObjectStore>> open_store(const Settings& settings) {
  constexpr std::string_view kFileScheme = "file://";
  std::string path = settings.storage_path;
  if (path.empty()) return Error(Errc::kConfig, "storage.path (or --path) is required");
  if (path.starts_with(kFileScheme)) path = path.substr(kFileScheme.size());
  if (path.find("://") != std::string::npos) {
    return Error(Errc::kConfig, fmt::format("storage.path: {} is no folder", path));
  }
  ODK_TRY(std::unique_ptr<store::FileStore> files, store::FileStore::open(path));
  return files;
}

Result<ArchiveKeys> archive_keys(const Settings& settings) {
  if (settings.backup_id.empty()) {
    return Error(Errc::kConfig, "backup_id (or --backup-id) is required");
  }
  if (!store::check_key(settings.backup_id)) {
    return Error(Errc::kConfig, fmt::format("backup_id: \"{}\" is no name", settings.backup_id));
  }
  return ArchiveKeys(settings.backup_id);
}

double per(double amount, double whole) { return whole == 0 ? 0 : amount / whole; }

// What the two long commands run with. The cluster must be stopped before it goes.
struct Runtime {
  SystemClock clock;
  io::Loop loop{clock};
  io::WorkerPool workers{loop, kWorkerThreads};
};

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

Result<int> run_backup(const CommandLine& line, const Settings& settings) {
  ODK_TRY_VOID(archive_keys(settings));
  ODK_TRY(BackupOptions options, backup_options(settings));
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
  print_backup_report(*report, line.format, seconds.count());
  constexpr int kExitWithGaps = 6;
  if (caught != 0) return 128 + caught;
  return report->gaps.empty() ? 0 : kExitWithGaps;
}

void print_restore_report(const RestoreReport& report, OutputFormat format, double seconds) {
  const double gigabytes = static_cast<double>(report.loaded.bytes) / 1e9;
  const double cpu_per_gb = per(cpu_seconds(), gigabytes);
  if (format == OutputFormat::kJson) {
    fmt::print("{}\n", Json{{"topics", report.topics},
                            {"partitions", report.partitions},
                            {"groups", report.groups},
                            {"records", report.loaded.records},
                            {"records_verified", report.records_verified},
                            {"bytes", report.loaded.bytes},
                            {"batches_raw", report.loaded.batches_raw},
                            {"batches_recompressed", report.loaded.batches_recompressed},
                            {"batches_reencoded", report.loaded.batches_reencoded},
                            {"held_configs", report.held_configs},
                            {"seconds", seconds},
                            {"cpu_seconds_per_gb", cpu_per_gb}}
                           .dump());
    return;
  }
  for (const std::string& held : report.held_configs) fmt::print("HELD  {}\n", held);
  fmt::print(
      "{} records of {} topics ({} partitions) restored, {} verified, {} groups; {}, {}/s, {:.2f} "
      "CPU s/GB; batches: {} as they were, {} recompressed, {} re-encoded\n",
      report.loaded.records, report.topics, report.partitions, report.records_verified,
      report.groups, format_bytes(report.loaded.bytes),
      format_bytes(static_cast<uint64_t>(per(static_cast<double>(report.loaded.bytes), seconds))),
      cpu_per_gb, report.loaded.batches_raw, report.loaded.batches_recompressed,
      report.loaded.batches_reencoded);
}

Result<int> run_restore(const CommandLine& line, const Settings& settings) {
  ODK_TRY_VOID(archive_keys(settings));
  ODK_TRY(RestoreOptions options, restore_options(settings));
  ODK_TRY(cluster::ClusterOptions target, cluster_options(settings.target, "target"));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  Runtime runtime;
  ProgressLine progress(runtime.clock);
  options.on_progress = [&progress](const RestoreProgress& p) {
    progress.show(p.step, p.records_done, p.records_total, 0);
  };
  const MonotonicTime started = runtime.clock.now();
  cluster::Cluster cluster(runtime.loop, std::move(target));
  RestoreJob job(cluster, *store, runtime.workers, runtime.clock, std::move(options));
  Result<RestoreReport> report = runtime.loop.block_on(job.run());
  runtime.loop.block_on(cluster.stop());
  progress.finish();
  if (!report) return report.error();
  const std::chrono::duration<double> seconds = runtime.clock.now() - started;
  print_restore_report(*report, line.format, seconds.count());
  return 0;
}

Result<int> run_list(const CommandLine& line, const Settings& settings) {
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  ODK_TRY(const std::vector<std::string> ids, list_backups(*store));
  std::vector<ArchiveState> archives;
  for (const std::string& id : ids) {
    ODK_TRY(ArchiveState archive, read_archive(*store, ArchiveKeys(id)));
    archives.push_back(std::move(archive));
  }
  fmt::print("{}", describe_list(archives, line.format));
  return 0;
}

Result<int> run_describe(const CommandLine& line, const Settings& settings) {
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  ODK_TRY(const ArchiveState archive, read_archive(*store, keys));
  if (archive.through_commit == 0) {
    return Error(Errc::kNotFound,
                 fmt::format("{} has no backup {}", store->describe(), keys.backup_id()));
  }
  fmt::print("{}", describe_archive(archive, line.format));
  return 0;
}

Result<int> run_validate(const CommandLine& line, const Settings& settings) {
  constexpr int kExitInvalid = 5;
  ODK_TRY(const ArchiveKeys keys, archive_keys(settings));
  ODK_TRY(const std::unique_ptr<store::ObjectStore> store, open_store(settings));
  ODK_TRY(const ValidationReport report,
          validate(*store, keys, line.deep ? ValidateDepth::kDeep : ValidateDepth::kShallow));
  fmt::print("{}", describe_validation(keys.backup_id(), report, line.format));
  return report.findings.empty() ? 0 : kExitInvalid;
}

Result<int> run(const CommandLine& line, const Settings& settings) {
  switch (line.command) {
    case Command::kBackup: return run_backup(line, settings);
    case Command::kRestore: return run_restore(line, settings);
    case Command::kList: return run_list(line, settings);
    case Command::kDescribe: return run_describe(line, settings);
    case Command::kValidate: return run_validate(line, settings);
  }
  return Errc::kInternal;
}

}  // namespace

int exit_code_of(const Error& error) {
  switch (error.code()) {
    case Errc::kConfig:
    case Errc::kInvalidArgument:
    case Errc::kNotFound: return 2;
    case Errc::kNetwork:
    case Errc::kTimedOut:
    case Errc::kClosed:
    case Errc::kAuthentication:
    case Errc::kTls:
    case Errc::kServer: return 3;
    case Errc::kIo: return 4;
    case Errc::kMalformed:
    case Errc::kChecksum: return 5;
    case Errc::kAlreadyExists: return 7;
    case Errc::kFenced: return 8;
    case Errc::kPrecondition: return 9;
    default: return 1;
  }
}

int run_command(const CommandLine& line, const Settings& settings) {
  const Result<int> code = run(line, settings);
  if (code) return *code;
  fmt::print(stderr, "kafka-backup: {}\n", code.error().to_string());
  return exit_code_of(code.error());
}

}  // namespace odradek::backup
