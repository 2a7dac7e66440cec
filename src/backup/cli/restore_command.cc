#include "backup/cli/restore_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backup/cli/progress.h"
#include "backup/cli/runtime.h"

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

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

}  // namespace

Result<int> run_restore(const Settings& settings, OutputFormat format) {
  ODK_TRY_VOID(archive_keys(settings));
  ODK_TRY(RestoreOptions options,
          restore_options(settings.backup_id, settings.target, settings.restore));
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
  print_restore_report(*report, format, seconds.count());
  return 0;
}

}  // namespace odradek::backup
