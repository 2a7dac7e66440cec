#include "backup/cli/restore_command.h"
#include "flags.h"

namespace odradek::backup {

void add_restore_commands(CLI::App& app, CommandLine& line) {
  CLI::App& restore =
      add_command(app, line, "restore", "restore an archive into a cluster", run_restore);
  add_backup_id(restore, line);
  add_cluster(restore, line, "target");
  add_setting(restore, line, "--expired-data", "restore.expired_data",
              "refuse, keep or hold: when retention would delete restored records");
  add_setting(restore, line, "--verify-after", "restore.verify_after", "full or off");
  add_setting(restore, line, "--replication-factor", "restore.replication_factor",
              "of topics that are created");
}

}  // namespace odradek::backup
