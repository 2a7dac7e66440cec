#include "backup/cli/inspect_commands.h"

#include "flags.h"

namespace odradek::backup {

void add_inspect_commands(CLI::App& app, CommandLine& line) {
  add_command(app, line, "list", "the archives of the store", run_list);
  add_backup_id(add_command(app, line, "describe", "what an archive holds", run_describe), line);
  const auto run = [&line](const Settings& settings, OutputFormat format) {
    return run_validate(settings, format,
                        line.deep ? ValidateDepth::kDeep : ValidateDepth::kShallow);
  };
  CLI::App& validate =
      add_command(app, line, "validate", "check an archive, exit 5 if it is damaged", run);
  add_backup_id(validate, line);
  validate.add_flag("--deep", line.deep, "check every byte");
}

}  // namespace odradek::backup
