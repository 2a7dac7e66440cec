#include "backup/cli/restore_command.h"

#include "flags.h"

namespace odradek::backup {
namespace {

FormatNames text_json_yaml() {
  return {
      {"text", OutputFormat::kText}, {"json", OutputFormat::kJson}, {"yaml", OutputFormat::kYaml}};
}

void add_restore_id(CLI::App& app, CommandLine& line) {
  add_setting(app, line, "--restore-id", "restore.restore_id", "name of the restore");
}

// What decides which records are restored, and how.
void add_restoring(CLI::App& app, CommandLine& line) {
  add_backup_id(app, line);
  add_cluster(app, line, "target");
  add_restore_id(app, line);
  add_setting(app, line, "--from", "restore.time_window_start",
              "records from this time on (RFC 3339, or ms since the epoch)");
  add_setting(app, line, "--to", "restore.time_window_end", "records up to this time");
  add_setting(app, line, "--time-basis", "restore.time_basis",
              "record: by each record's time; log: cut where the first later record lies");
  add_setting(app, line, "--restore-point", "restore.restore_point",
              "restore point of the archive: number, label, time");
  add_setting(app, line, "--if-exists", "restore.if_exists",
              "fail, append or purge: when the target topic has records");
  add_setting(app, line, "--expired-data", "restore.expired_data",
              "refuse, drop, hold or keep: when retention would delete restored records");
  add_setting(app, line, "--replication-factor", "restore.replication_factor",
              "of topics that are created");
  add_setting(app, line, "--partitions", "restore.source_partitions",
              "archived partitions to restore, with commas between");
}

void add_loading(CLI::App& app, CommandLine& line) {
  add_setting(app, line, "--verify-after", "restore.verify_after", "full, sample or off");
  add_setting(app, line, "--strategy", "restore.consumer_group_strategy",
              "positions: auto, header-based, cluster-scan, timestamp-based, manual, skip");
  add_setting(app, line, "--rate-limit", "restore.rate_limit_bytes_per_sec",
              "bytes a second, of all partitions together");
}

void add_restore(CLI::App& app, CommandLine& line) {
  const auto run = [&line](const Settings& settings, OutputFormat format) {
    return line.abort ? run_restore_abort(settings, format) : run_restore(settings, format);
  };
  CLI::App& restore =
      add_command(app, line, "restore", "restore an archive into a cluster", run, text_json_yaml());
  add_restoring(restore, line);
  add_loading(restore, line);
  restore.add_flag_callback(
      "--dry-run", [&line] { line.overrides.push_back({"--dry-run", "restore.dry_run", "true"}); },
      "print the plan, change nothing");
  restore.add_flag("--abort", line.abort,
                   "give unfinished restores up: put configurations back, keep what is loaded");
  restore.footer(
      "A restore that was killed goes on when the same command is run again.\n\n"
      "Examples:\n"
      "  kafka-backup restore --bootstrap localhost:9092 --path /backups --backup-id nightly\n"
      "  kafka-backup restore --bootstrap localhost:9092 --path /backups --backup-id nightly \\\n"
      "      --topics orders --to 2026-11-21T09:00:00Z --dry-run\n\n"
      "Exit codes: 0 done, 5 archive or target differ, 6 positions of a group failed,\n"
      "9 the target does not allow it (see --dry-run).");
}

}  // namespace

void add_restore_commands(CLI::App& app, CommandLine& line) {
  add_restore(app, line);
  CLI::App& three = add_command(app, line, "three-phase-restore",
                                "restore topics, then set the positions of groups, with one report",
                                run_three_phase_restore, text_json_yaml());
  add_restoring(three, line);
  add_loading(three, line);
  three.footer(
      "Groups must have no members. A group whose positions cannot be set keeps its old ones.\n\n"
      "Example:\n"
      "  kafka-backup three-phase-restore --bootstrap localhost:9092 --path /backups \\\n"
      "      --backup-id nightly --groups billing");
  CLI::App& plan = add_command(app, line, "validate-restore",
                               "what a restore would do, exit 9 if something stands against it",
                               run_validate_restore, text_json_yaml());
  add_restoring(plan, line);
  plan.footer(
      "Example:\n"
      "  kafka-backup validate-restore --bootstrap localhost:9092 --path /backups \\\n"
      "      --backup-id nightly --format yaml");
  CLI::App& verify = add_command(app, line, "verify",
                                 "compare a finished restore with the archive, record by record",
                                 run_verify, text_json_yaml());
  add_backup_id(verify, line);
  add_cluster(verify, line, "target");
  add_restore_id(verify, line);
  add_setting(verify, line, "--depth", "restore.verify_after", "full or sample");
  verify.footer(
      "Exit codes: 0 equal, 5 something differs, 6 records are gone since (compaction,\n"
      "retention).\n\n"
      "Example:\n"
      "  kafka-backup verify --bootstrap localhost:9092 --path /backups --backup-id nightly");
}

}  // namespace odradek::backup
