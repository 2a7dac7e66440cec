#pragma once

#include <map>
#include <optional>
#include <string>

#include "backup/cli/cluster_settings.h"
#include "backup/restore/restore_job.h"
#include "config/binder.h"

namespace odradek::backup {

// The section `restore`.
struct RestoreSettings {
  std::map<std::string, std::string> topic_mapping;
  std::optional<int32_t> replication_factor;
  ExpiredData expired_data = ExpiredData::kRefuse;
  VerifyAfter verify_after = VerifyAfter::kFull;
  bool consumer_groups = true;
  uint32_t max_concurrent_partitions = 4;
};

void declare_restore(config::Binder& binder, RestoreSettings& settings);

// What the settings mean for a run. Errors: kConfig.
Result<RestoreOptions> restore_options(const std::string& backup_id, const ClusterSettings& target,
                                       const RestoreSettings& settings);

}  // namespace odradek::backup
