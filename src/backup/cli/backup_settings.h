#pragma once

#include <chrono>
#include <string>

#include "backup/cli/cluster_settings.h"
#include "backup/engine/backup_job.h"
#include "config/binder.h"

namespace odradek::backup {

enum class Compression : uint8_t { kZstd, kNone };

// The section `backup`.
struct BackupSettings {
  Compression compression = Compression::kZstd;
  int compression_level = 3;
  Transcode transcode = Transcode::kAuto;
  config::ByteSize segment_max_bytes{128ULL << 20U};
  std::chrono::seconds checkpoint_interval{5};
  IsolationLevel isolation_level = IsolationLevel::kReadCommitted;
  uint32_t max_concurrent_partitions = 4;
  bool consumer_groups = true;
  std::string label;
};

void declare_backup(config::Binder& binder, BackupSettings& settings);

// What the settings mean for a run. Errors: kConfig.
Result<BackupOptions> backup_options(const std::string& backup_id, const ClusterSettings& source,
                                     const BackupSettings& settings);

}  // namespace odradek::backup
