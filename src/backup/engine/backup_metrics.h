#pragma once

#include "backup/engine/backup_options.h"
#include "backup/engine/measured_store.h"
#include "obs/metrics.h"

// What a running backup tells monitoring. Names as dashboards know them: docs/backup/operation.md.
namespace odradek::backup {

void declare_backup_metrics(obs::Registry& registry);

// At most `partitions_max` partitions get series of their own; the sums count all.
void collect_backup_metrics(obs::Collection& into, const BackupStatus& status,
                            const StoreMeter& store, size_t partitions_max);

}  // namespace odradek::backup
