#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "backup/cli/commands.h"
#include "base/log.h"
#include "config/binder.h"

namespace {

namespace backup = odradek::backup;
namespace config = odradek::config;

struct Flags {
  std::string config_file;
  std::vector<config::Override> overrides;
  odradek::LogLevel log_level = odradek::LogLevel::warn;
  odradek::LogFormat log_format = odradek::LogFormat::text;
};

// A flag that stands for one setting of the configuration file.
void add_setting(CLI::App& app, Flags& flags, const std::string& flag, const std::string& key,
                 const std::string& help) {
  app.add_option_function<std::string>(
      flag,
      [&flags, flag, key](const std::string& text) {
        flags.overrides.push_back({flag, key, text});
      },
      help);
}

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

void add_common(CLI::App& app, Flags& flags, backup::CommandLine& line) {
  app.add_option("--config", flags.config_file, "YAML configuration file");
  add_setting(app, flags, "--path", "storage.path", "folder of the archives");
  add_choice<backup::OutputFormat>(
      app, "--format", line.format,
      {{"text", backup::OutputFormat::kText}, {"json", backup::OutputFormat::kJson}});
  add_choice<odradek::LogLevel>(app, "--log-level", flags.log_level,
                                {{"debug", odradek::LogLevel::debug},
                                 {"info", odradek::LogLevel::info},
                                 {"warn", odradek::LogLevel::warn},
                                 {"error", odradek::LogLevel::error},
                                 {"off", odradek::LogLevel::off}});
  add_choice<odradek::LogFormat>(
      app, "--log-format", flags.log_format,
      {{"text", odradek::LogFormat::text}, {"json", odradek::LogFormat::json}});
}

void add_cluster(CLI::App& app, Flags& flags, const std::string& section) {
  add_setting(app, flags, "--bootstrap", section + ".bootstrap_servers",
              "host:port of the cluster, several with commas");
  add_setting(app, flags, "--topics", section + ".topics.include",
              "topics: names, globs, ~regex, with commas between");
  add_setting(app, flags, "--groups", section + ".groups.include", "consumer groups, likewise");
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kExitUsage = 2;
  CLI::App app("Backs up Kafka topics and consumer positions, and restores them.");
  app.require_subcommand(1);
  Flags flags;
  backup::CommandLine line;
  const auto command = [&](const char* name, const char* help, backup::Command which) {
    CLI::App* sub = app.add_subcommand(name, help);
    sub->callback([&line, which] { line.command = which; });
    add_common(*sub, flags, line);
    return sub;
  };
  CLI::App* backing_up = command("backup", "copy topics into an archive, on from where it ends",
                                 backup::Command::kBackup);
  CLI::App* restoring =
      command("restore", "restore an archive into a cluster", backup::Command::kRestore);
  command("list", "the archives of the store", backup::Command::kList);
  CLI::App* describing = command("describe", "what an archive holds", backup::Command::kDescribe);
  CLI::App* validating =
      command("validate", "check an archive, exit 5 if it is damaged", backup::Command::kValidate);
  for (CLI::App* sub : {backing_up, restoring, describing, validating}) {
    add_setting(*sub, flags, "--backup-id", "backup_id", "name of the archive");
  }
  add_cluster(*backing_up, flags, "source");
  add_setting(*backing_up, flags, "--label", "backup.label", "name of the restore point");
  add_cluster(*restoring, flags, "target");
  add_setting(*restoring, flags, "--expired-data", "restore.expired_data",
              "refuse, keep or hold: when retention would delete restored records");
  add_setting(*restoring, flags, "--verify-after", "restore.verify_after", "full or off");
  add_setting(*restoring, flags, "--replication-factor", "restore.replication_factor",
              "of topics that are created");
  validating->add_flag("--deep", line.deep, "check every byte");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  odradek::set_log_sink(odradek::stderr_log_sink(), flags.log_level, flags.log_format);

  backup::Settings settings;
  config::Binder binder;
  backup::declare_settings(binder, settings);
  config::Sources sources;
  sources.file = flags.config_file;
  sources.overrides = flags.overrides;
  if (const odradek::Result<void> loaded = binder.load(sources); !loaded) {
    std::fprintf(stderr, "kafka-backup: %s\n", std::string(loaded.error().message()).c_str());
    return kExitUsage;
  }
  return backup::run_command(line, settings);
}
