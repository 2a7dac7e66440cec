#include "backup/cli/backup_command.h"
#include "flags.h"

namespace odradek::backup {

void add_backup_commands(CLI::App& app, CommandLine& line) {
  CLI::App& backup = add_command(app, line, "backup",
                                 "copy topics into an archive, on from where it ends", run_backup);
  add_backup_id(backup, line);
  add_cluster(backup, line, "source");
  add_setting(backup, line, "--label", "backup.label", "name of the restore point");
}

}  // namespace odradek::backup
