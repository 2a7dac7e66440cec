#include "backup/cli/settings.h"

namespace odradek::backup {

void declare_settings(config::Binder& binder, Settings& settings) {
  binder.add("backup_id", settings.backup_id, "name of the archive in the store");
  store::declare_store(binder, "storage", settings.storage);
  declare_cluster(binder, "source", settings.source);
  declare_cluster(binder, "target", settings.target);
  declare_backup(binder, settings.backup);
  declare_metrics(binder, settings.metrics);
  declare_restore(binder, settings.restore);
  declare_positions(binder, settings.positions);
}

Result<Settings> read_settings(const config::Sources& sources) {
  Settings settings;
  config::Binder binder;
  declare_settings(binder, settings);
  ODK_TRY_VOID(binder.load(sources));
  return settings;
}

std::string describe_all_settings() {
  Settings settings;
  config::Binder binder;
  declare_settings(binder, settings);
  return "# kafka-backup: settings\n\n"
         "By key in a YAML file (`--config`), or by flag, which wins. Sections may be nested or\n"
         "written with dots. `${NAME}` and `${NAME:-default}` take environment variables. Unknown\n"
         "keys are errors. [A commented sample](../../config/kafka-backup.yaml). This page is "
         "what\n"
         "`kafka-backup --settings` prints.\n\n" +
         config::describe_settings(binder);
}

}  // namespace odradek::backup
