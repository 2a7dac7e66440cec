#include "flags.h"

namespace odradek::backup {

void add_setting(CLI::App& app, CommandLine& line, const std::string& flag, const std::string& key,
                 const std::string& help) {
  app.add_option_function<std::string>(
      flag,
      [&line, flag, key](const std::string& text) { line.overrides.push_back({flag, key, text}); },
      help);
}

void add_switch(CLI::App& app, CommandLine& line, const std::string& flag, const std::string& key,
                const std::string& help) {
  app.add_flag_callback(
      flag, [&line, flag, key] { line.overrides.push_back({flag, key, "true"}); }, help);
}

CLI::App& add_command(CLI::App& app, CommandLine& line, const std::string& name,
                      const std::string& help, const RunCommand& run, const FormatNames& formats) {
  CLI::App& command = *app.add_subcommand(name, help);
  command.callback([&line, run] {
    line.run = [&line, run](const Settings& settings) { return run(settings, line.format); };
  });
  command.add_option("--config", line.config_file, "YAML configuration file");
  add_setting(command, line, "--path", "storage.path",
              "where archives are: a folder, s3://bucket/prefix, azblob://..., gs://...");
  add_choice<OutputFormat>(command, "--format", line.format, formats);
  add_choice<LogLevel>(command, "--log-level", line.log_level,
                       {{"debug", LogLevel::debug},
                        {"info", LogLevel::info},
                        {"warn", LogLevel::warn},
                        {"error", LogLevel::error},
                        {"off", LogLevel::off}});
  add_choice<LogFormat>(command, "--log-format", line.log_format,
                        {{"text", LogFormat::text}, {"json", LogFormat::json}});
  command.add_flag_callback(
      "-v,--verbose", [&line] { line.log_level = LogLevel::info; }, "the same as --log-level info");
  return command;
}

void add_backup_id(CLI::App& app, CommandLine& line) {
  add_setting(app, line, "--backup-id", "backup_id", "name of the archive");
}

void add_cluster(CLI::App& app, CommandLine& line, const std::string& section) {
  add_setting(app, line, "--bootstrap", section + ".bootstrap_servers",
              "host:port of the cluster, several with commas");
  add_setting(app, line, "--topics", section + ".topics.include",
              "topics: names, globs, ~regex, with commas between");
  add_setting(app, line, "--groups", section + ".groups.include", "consumer groups, likewise");
}

}  // namespace odradek::backup
