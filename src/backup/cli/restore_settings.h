#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backup/cli/cluster_settings.h"
#include "backup/restore/restore_job.h"
#include "config/binder.h"

namespace odradek::backup {

// The section `restore`.
struct RestoreSettings {
  std::string restore_id;
  bool dry_run = false;
  std::map<std::string, std::string> topic_mapping;
  std::map<std::string, std::string> partition_mapping;
  std::vector<std::string> source_partitions;
  Spread repartitioning = Spread::kNone;
  std::map<std::string, std::string> repartitioned_topics;
  std::optional<int32_t> replication_factor;
  std::string time_window_start;
  std::string time_window_end;
  TimeBasis time_basis = TimeBasis::kRecord;
  std::string restore_point;
  IfExists if_exists = IfExists::kFail;
  ExpiredData expired_data = ExpiredData::kRefuse;
  VerifyAfter verify_after = VerifyAfter::kFull;
  double verify_sample_percent = 5;
  Coalesce coalesce = Coalesce::kAuto;
  bool include_original_offset_header = false;
  bool strip_offset_headers = false;
  bool include_aborted = false;
  int64_t rate_limit_bytes_per_sec = 0;
  int64_t rate_limit_records_per_sec = 0;
  uint32_t max_concurrent_partitions = 4;
};

void declare_restore(config::Binder& binder, RestoreSettings& settings);

// What the settings mean for a run. Errors: kConfig.
Result<RestoreOptions> restore_options(const std::string& backup_id, const ClusterSettings& target,
                                       const RestoreSettings& settings);

}  // namespace odradek::backup
