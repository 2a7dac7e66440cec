#include "backup/cli/inspect_commands.h"

#include <thread>

#include "flags.h"

namespace odradek::backup {
namespace {

void add_validate(CLI::App& app, CommandLine& line) {
  const auto run = [&line](const Settings& settings, OutputFormat format) -> Result<int> {
    ValidateOptions options;
    options.depth = line.deep ? ValidateDepth::kDeep : ValidateDepth::kShallow;
    options.threads = std::max(1U, std::thread::hardware_concurrency());
    if (!line.sample.empty()) {
      ODK_TRY(options.sample, parse_share(line.sample));
      options.depth = ValidateDepth::kDeep;
    }
    return run_validate(settings, format, options);
  };
  CLI::App& validate = add_command(
      app, line, "validate", "check an archive, exit 5 if it is damaged", run, every_list_format());
  add_backup_id(validate, line);
  validate.add_flag("--deep", line.deep, "check every byte");
  validate.add_option("--sample", line.sample, "check every byte of that share: 5%");
  validate.footer(
      "Without flags: the commits follow each other, every object is there with the size, header,\n"
      "index and footer it must have, and every offset is spoken for. --deep also reads every\n"
      "frame, checks every hash and CRC and decodes every record.\n\n"
      "Examples:\n"
      "  kafka-backup validate --path /backups --backup-id nightly --deep\n"
      "  kafka-backup validate --config backup.yaml --sample 5% --format json\n"
      "Exit: 0 whole, 5 damaged (each object is named), else docs/exit-codes.md.");
}

void add_rebuild(CLI::App& app, CommandLine& line) {
  const auto run = [&line](const Settings& settings, OutputFormat format) {
    return run_rebuild_manifest(settings, format, line.dry_run);
  };
  CLI::App& rebuild =
      add_command(app, line, "rebuild-manifest", "make the manifest anew from the segments alone",
                  run, every_list_format());
  add_backup_id(rebuild, line);
  rebuild.add_flag("--dry-run", line.dry_run, "say what would be in it");
  rebuild.footer(
      "For an archive whose manifest or commits are damaged. The old manifest is kept in "
      "state/.\n\n"
      "Example:\n"
      "  kafka-backup rebuild-manifest --path /backups --backup-id nightly --dry-run\n"
      "Exit: 0 whole, 6 when segments or offsets were left out, else docs/exit-codes.md.");
}

void add_gc(CLI::App& app, CommandLine& line) {
  const auto run = [&line](const Settings& settings, OutputFormat format) {
    return run_gc(settings, format,
                  {.dry_run = !line.remove, .age_min = std::chrono::hours(line.age_min_hours)});
  };
  CLI::App& gc = add_command(app, line, "gc", "list or remove what killed runs left in an archive",
                             run, every_list_format());
  add_backup_id(gc, line);
  gc.add_flag("--delete", line.remove, "remove them; without, they are only listed");
  gc.add_option("--min-age-hours", line.age_min_hours, "younger segments are kept")
      ->capture_default_str()
      ->check(CLI::Range(0, 24 * 365));
  gc.footer(
      "Nothing that a commit names is touched, and no backup runs meanwhile.\n\n"
      "Example:\n"
      "  kafka-backup gc --path /backups --backup-id nightly --delete");
}

}  // namespace

void add_inspect_commands(CLI::App& app, CommandLine& line) {
  add_command(app, line, "list", "the archives of the store", run_list, every_list_format())
      .footer("Example:\n  kafka-backup list --path /backups --format json");
  CLI::App& describe = add_command(app, line, "describe", "what an archive holds", run_describe,
                                   every_list_format());
  add_backup_id(describe, line);
  describe.footer("Example:\n  kafka-backup describe --path /backups --backup-id nightly");
  CLI::App& status = add_command(app, line, "status", "who writes an archive, and how far it got",
                                 run_status, every_list_format());
  add_backup_id(status, line);
  status.footer(
      "Example:\n  kafka-backup status --path /backups --backup-id nightly --format yaml");
  add_validate(app, line);
  add_rebuild(app, line);
  add_gc(app, line);
}

}  // namespace odradek::backup
