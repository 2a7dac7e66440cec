#include <cstdio>

#include "backup/cli/runtime.h"
#include "flags.h"

int main(int argc, char** argv) {
  namespace backup = odradek::backup;
  namespace config = odradek::config;
  constexpr int kExitUsage = 2;
  CLI::App app("Backs up Kafka topics and consumer positions, and restores them.");
  app.require_subcommand(1);
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
  odradek::set_log_sink(odradek::stderr_log_sink(), line.log_level, line.log_format);

  backup::Settings settings;
  config::Binder binder;
  backup::declare_settings(binder, settings);
  config::Sources sources;
  sources.file = line.config_file;
  sources.overrides = line.overrides;
  if (const odradek::Result<void> loaded = binder.load(sources); !loaded) {
    std::fprintf(stderr, "kafka-backup: %s\n", std::string(loaded.error().message()).c_str());
    return kExitUsage;
  }
  const odradek::Result<int> code = line.run(settings);
  if (code) return *code;
  std::fprintf(stderr, "kafka-backup: %s\n", code.error().to_string().c_str());
  return backup::exit_code_of(code.error());
}
