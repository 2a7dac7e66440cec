#include "backup/cli/offset_command.h"

#include "flags.h"

namespace odradek::backup {
namespace {

FormatNames every_format() {
  return {{"text", OutputFormat::kText},
          {"json", OutputFormat::kJson},
          {"yaml", OutputFormat::kYaml},
          {"csv", OutputFormat::kCsv},
          {"shell", OutputFormat::kShell}};
}

FormatNames without_shell() {
  FormatNames formats = every_format();
  formats.pop_back();
  return formats;
}

FormatNames text_json_yaml() {
  FormatNames formats = without_shell();
  formats.pop_back();
  return formats;
}

void add_planning(CLI::App& app, CommandLine& line) {
  add_backup_id(app, line);
  add_cluster(app, line, "target");
  add_setting(app, line, "--restore-id", "restore.restore_id",
              "the restore whose map is used; the newest into the cluster without");
  add_setting(app, line, "--strategy", "restore.consumer_group_strategy",
              "auto, header-based, cluster-scan, timestamp-based, manual");
  add_setting(app, line, "--positions-from", "restore.positions_from",
              "archive, or source: as that cluster has them now (section source)");
}

void add_offset_reset(CLI::App& app, CommandLine& line) {
  CLI::App& reset = *app.add_subcommand("offset-reset", "carry the positions of groups over");
  reset.require_subcommand(1);
  add_planning(
      add_command(reset, line, "plan", "where groups would stand", run_offset_plan, every_format()),
      line);
  add_planning(add_command(reset, line, "execute", "set the groups there", run_offset_execute,
                           text_json_yaml()),
               line);
  add_planning(add_command(reset, line, "script", "a shell script that does it with Kafka's tool",
                           run_offset_script, {{"shell", OutputFormat::kShell}}),
               line);
  reset.footer(
      "Groups must have no members. Positions before are kept in a snapshot (offset-rollback).\n\n"
      "Examples:\n"
      "  kafka-backup offset-reset plan --bootstrap localhost:9092 --path /backups \\\n"
      "      --backup-id nightly --format csv\n"
      "  kafka-backup offset-reset execute --bootstrap localhost:9092 --path /backups \\\n"
      "      --backup-id nightly --groups billing");
}

using RunWithId = Result<int> (*)(const Settings&, OutputFormat, const std::string&);

void add_with_id(CLI::App& app, CommandLine& line, const std::string& name, const std::string& help,
                 RunWithId run, bool needs_cluster) {
  CLI::App& command = add_command(
      app, line, name, help,
      [&line, run](const Settings& settings, OutputFormat format) {
        return run(settings, format, line.snapshot_id);
      },
      text_json_yaml());
  add_backup_id(command, line);
  if (needs_cluster) add_cluster(command, line, "target");
  command.add_option("snapshot", line.snapshot_id, "id of the snapshot")->required();
}

void add_offset_rollback(CLI::App& app, CommandLine& line) {
  CLI::App& rollback =
      *app.add_subcommand("offset-rollback", "snapshots of positions, and back to them");
  rollback.require_subcommand(1);
  CLI::App& snapshot = add_command(rollback, line, "snapshot", "write down where groups stand now",
                                   run_rollback_snapshot, text_json_yaml());
  add_backup_id(snapshot, line);
  add_cluster(snapshot, line, "target");
  add_backup_id(
      add_command(rollback, line, "list", "the snapshots", run_rollback_list, text_json_yaml()),
      line);
  add_with_id(rollback, line, "show", "what a snapshot says", run_rollback_show, false);
  add_with_id(rollback, line, "rollback", "bring groups back to a snapshot", run_rollback, true);
  add_with_id(rollback, line, "verify", "compare groups with a snapshot, exit 9 if they differ",
              run_rollback_verify, true);
  add_with_id(rollback, line, "delete", "remove a snapshot", run_rollback_delete, false);
  rollback.footer(
      "Positions that did not exist when the snapshot was taken are deleted by a rollback.\n\n"
      "Example:\n"
      "  kafka-backup offset-rollback rollback --bootstrap localhost:9092 --path /backups \\\n"
      "      --backup-id nightly 1763715600000-...");
}

}  // namespace

void add_offset_commands(CLI::App& app, CommandLine& line) {
  add_offset_reset(app, line);
  add_offset_rollback(app, line);
  CLI::App& capture = add_command(app, line, "snapshot-groups",
                                  "capture the positions of groups into an archive that exists",
                                  run_snapshot_groups, text_json_yaml());
  add_backup_id(capture, line);
  add_cluster(capture, line, "source");
  capture.footer(
      "A backup does this by itself; restores use the newest positions.\n\n"
      "Example:\n"
      "  kafka-backup snapshot-groups --bootstrap localhost:9092 --path /backups \\\n"
      "      --backup-id nightly --groups billing");
  CLI::App& mapping =
      add_command(app, line, "show-offset-mapping", "which offsets became which in a restore",
                  run_show_offset_mapping, without_shell());
  add_backup_id(mapping, line);
  add_setting(mapping, line, "--topics", "target.topics.include", "archived topics");
  add_setting(mapping, line, "--restore-id", "restore.restore_id",
              "the restore; the newest finished one without");
}

}  // namespace odradek::backup
