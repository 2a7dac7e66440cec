#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "backup/cli/settings.h"
#include "backup/inspect/describe.h"
#include "base/log.h"
#include "config/binder.h"

// What the command line says, and how its flags are declared.
namespace odradek::backup {

// The parsed command line. `run` is the chosen command's.
struct CommandLine {
  std::string config_file;
  std::vector<config::Override> overrides;
  LogLevel log_level = LogLevel::warn;
  LogFormat log_format = LogFormat::text;
  OutputFormat format = OutputFormat::kText;
  bool deep = false;         // validate --deep
  bool abort = false;        // restore --abort
  std::string snapshot_id;   // offset-rollback
  std::string sample;        // validate --sample
  bool dry_run = false;      // rebuild-manifest --dry-run
  bool remove = false;       // gc --delete
  int age_min_hours = 24;    // gc --min-age-hours
  std::function<Result<int>(const Settings&)> run;
  // Reads the configuration again, as main read it.
  std::function<Result<Settings>()> reload;
};

using RunCommand = std::function<Result<int>(const Settings& settings, OutputFormat format)>;

using FormatNames = std::vector<std::pair<std::string, OutputFormat>>;

// The formats most commands print their results in.
inline FormatNames text_and_json() {
  return {{"text", OutputFormat::kText}, {"json", OutputFormat::kJson}};
}

// Those of commands whose answer is a list or a report.
inline FormatNames every_list_format() {
  return {{"text", OutputFormat::kText},
          {"json", OutputFormat::kJson},
          {"yaml", OutputFormat::kYaml},
          {"table", OutputFormat::kTable}};
}

// A command with the flags that all have.
CLI::App& add_command(CLI::App& app, CommandLine& line, const std::string& name,
                      const std::string& help, const RunCommand& run,
                      const FormatNames& formats = text_and_json());

// A flag that stands for one setting of the configuration file.
void add_setting(CLI::App& app, CommandLine& line, const std::string& flag, const std::string& key,
                 const std::string& help);
// A flag without a value that turns one setting on.
void add_switch(CLI::App& app, CommandLine& line, const std::string& flag, const std::string& key,
                const std::string& help);
// --backup-id
void add_backup_id(CLI::App& app, CommandLine& line);
// --bootstrap, --topics and --groups; `section` is source or target.
void add_cluster(CLI::App& app, CommandLine& line, const std::string& section);

// An option that takes one of the names, any other is refused with the list of them.
template <typename Value>
void add_choice(CLI::App& app, const std::string& flag, Value& target,
                const std::vector<std::pair<std::string, Value>>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name.first;
  app.add_option_function<std::string>(
      flag,
      [&target, flag, names, list](const std::string& text) {
        const auto found = std::ranges::find(names, text, &std::pair<std::string, Value>::first);
        if (found == names.end()) {
          throw CLI::ValidationError(flag, "'" + text + "' is not one of " + list);
        }
        target = found->second;
      },
      list);
}

// The commands, by what they do.
void add_backup_commands(CLI::App& app, CommandLine& line);
void add_restore_commands(CLI::App& app, CommandLine& line);
void add_offset_commands(CLI::App& app, CommandLine& line);
void add_inspect_commands(CLI::App& app, CommandLine& line);

}  // namespace odradek::backup
