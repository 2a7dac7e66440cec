#include <cstdio>

#include "backup/cli/runtime.h"
#include "flags.h"
#include "freed_memory.h"

int main(int argc, char** argv) {
  namespace backup = odradek::backup;
  namespace config = odradek::config;
  constexpr int kExitUsage = 2;
  odradek::apps::keep_freed_memory();
  CLI::App app("Backs up Kafka topics and consumer positions, and restores them.");
  app.require_subcommand(0, 1);
  app.set_version_flag("-V,--version", std::string("kafka-backup 0.1.0"));
  bool shows_settings = false;
  app.add_flag("--settings", shows_settings, "print every setting of the configuration file");
  backup::CommandLine line;
  backup::add_backup_commands(app, line);
  backup::add_restore_commands(app, line);
  backup::add_offset_commands(app, line);
  backup::add_inspect_commands(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (shows_settings) {
    std::fputs(backup::describe_all_settings().c_str(), stdout);
    return 0;
  }
  if (!line.run) {
    std::fputs(app.help().c_str(), stderr);
    return kExitUsage;
  }
  odradek::set_log_sink(odradek::stderr_log_sink(), line.log_level, line.log_format);

  config::Sources sources;
  sources.file = line.config_file;
  sources.overrides = line.overrides;
  line.reload = [&sources] { return backup::read_settings(sources); };
  odradek::Result<backup::Settings> settings = line.reload();
  if (!settings) {
    std::fprintf(stderr, "kafka-backup: %s\n", std::string(settings.error().message()).c_str());
    return kExitUsage;
  }
  settings->shows_progress = line.log_format != odradek::LogFormat::json;
  const odradek::Result<int> code = line.run(*settings);
  if (code) return *code;
  std::fprintf(stderr, "kafka-backup: %s\n", code.error().to_string().c_str());
  return backup::exit_code_of(code.error());
}
