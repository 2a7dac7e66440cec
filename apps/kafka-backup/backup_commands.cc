#include "backup/cli/backup_command.h"

#include "flags.h"

namespace odradek::backup {

void add_backup_commands(CLI::App& app, CommandLine& line) {
  const auto run = [&line](const Settings& settings, OutputFormat format) {
    return run_backup(settings, format, line.reload);
  };
  CLI::App& backup =
      add_command(app, line, "backup", "copy topics into an archive, on from where it ends", run,
                  every_list_format());
  add_backup_id(backup, line);
  add_cluster(backup, line, "source");
  add_setting(backup, line, "--label", "backup.label", "name of the restore points it makes");
  add_switch(backup, line, "--continuous", "backup.continuous",
             "run until stopped, a restore point each cycle");
  add_switch(backup, line, "--allow-gaps", "backup.allow_gaps",
             "exit 0 although the cluster deleted records before they were copied");
  add_setting(backup, line, "--compression", "backup.compression",
              "zstd, lz4, gzip, snappy or none");
  add_setting(backup, line, "--transcode", "backup.transcode", "auto, never or all");
  add_setting(backup, line, "--metrics-port", "metrics.port",
              "of /metrics, /health/live, /health/ready and /status");
  backup.footer(
      "Examples:\n"
      "  kafka-backup backup --bootstrap localhost:9092 --path /backups --backup-id nightly\n"
      "      Everything but internal topics, up to the ends as they are now.\n"
      "  kafka-backup backup --config backup.yaml --continuous\n"
      "      A cycle every backup.poll_interval_ms until TERM or INT, which commits and ends.\n"
      "  kafka-backup backup --config backup.yaml --topics 'orders,log.*,~audit-[0-9]+'\n"
      "      Names, globs and regular expressions.\n\n"
      "Signals: TERM, INT stop and commit (a second one ends at once), HUP reads the rate limits\n"
      "again, USR1 prints the status.\n"
      "Exit: 0 done, 6 done with gaps, 130/143 stopped by a signal, else docs/exit-codes.md.");
}

}  // namespace odradek::backup
