#pragma once

#include <string>

#include "backup/cli/backup_settings.h"
#include "backup/cli/cluster_settings.h"
#include "backup/cli/position_settings.h"
#include "backup/cli/restore_settings.h"
#include "config/binder.h"
#include "store/store_settings.h"

namespace odradek::backup {

// Every setting of the program, whatever the command.
struct Settings {
  std::string backup_id;
  store::StoreSettings storage;
  ClusterSettings source;
  ClusterSettings target;
  BackupSettings backup;
  MetricsSettings metrics;
  RestoreSettings restore;
  PositionSettings positions;
  bool shows_progress = true;  // on standard error; not beside a log that programs read
};

// Reads the configuration. Errors: kConfig, one sentence with place and key.
Result<Settings> read_settings(const config::Sources& sources);
// docs/backup/configuration.md's table.
std::string describe_all_settings();

// Declares the settings: keys, checks and documentation.
void declare_settings(config::Binder& binder, Settings& settings);

}  // namespace odradek::backup
