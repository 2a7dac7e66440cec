#include "backup/cli/settings.h"

namespace odradek::backup {

void declare_settings(config::Binder& binder, Settings& settings) {
  binder.add("backup_id", settings.backup_id, "name of the archive in the store");
  store::declare_store(binder, "storage", settings.storage);
  declare_cluster(binder, "source", settings.source);
  declare_cluster(binder, "target", settings.target);
  declare_backup(binder, settings.backup);
  declare_restore(binder, settings.restore);
  declare_positions(binder, settings.positions);
}

}  // namespace odradek::backup
