#pragma once

#include <chrono>
#include <string>

#include "backup/cli/cluster_settings.h"
#include "backup/engine/backup_job.h"
#include "config/binder.h"

namespace odradek::backup {

enum class Compression : uint8_t { kZstd, kLz4, kGzip, kSnappy, kNone };

// The section `backup`.
struct BackupSettings {
  bool continuous = false;
  bool stop_at_current_offsets = true;
  std::chrono::milliseconds poll_interval{30'000};
  Compression compression = Compression::kZstd;
  int compression_level = 3;
  Transcode transcode = Transcode::kAuto;
  config::ByteSize segment_max_bytes{128ULL << 20U};
  int64_t segment_max_records = 0;
  std::chrono::seconds segment_max_age{60};
  config::ByteSize frame_bytes{8ULL << 20U};
  config::ByteSize fetch_max_bytes{8ULL << 20U};
  std::chrono::seconds checkpoint_interval{5};
  IsolationLevel isolation_level = IsolationLevel::kReadCommitted;
  uint32_t max_concurrent_partitions = 4;
  config::ByteSize memory_budget{256ULL << 20U};
  bool include_internal_topics = false;
  bool consumer_groups = true;
  bool cluster_metadata = true;
  bool allow_gaps = false;
  bool skip_corrupt = false;
  OnMissingTopic on_missing_topic = OnMissingTopic::kFail;
  OnTopicRecreated on_topic_recreated = OnTopicRecreated::kNewIncarnation;
  OnHangingTransaction on_hanging_txn = OnHangingTransaction::kReport;
  std::chrono::seconds hanging_txn_timeout{15 * 60};
  std::string client_rack;
  config::ByteSize rate_limit_bytes_per_sec{0};
  int64_t rate_limit_records_per_sec = 0;
  std::chrono::seconds retry_deadline{300};
  uint32_t breaker_failures = 5;
  std::chrono::seconds breaker_pause{30};
  std::chrono::seconds shutdown_grace{30};
  std::string label;
};

// The section `metrics`.
struct MetricsSettings {
  std::optional<bool> enabled;  // not said: while a continuous backup runs
  std::string bind_address = "127.0.0.1";
  uint16_t port = 8080;
  uint32_t max_partition_labels = 100;
};

void declare_backup(config::Binder& binder, BackupSettings& settings);
void declare_metrics(config::Binder& binder, MetricsSettings& settings);

// What the settings mean for a run. Errors: kConfig.
Result<BackupOptions> backup_options(const std::string& backup_id, const ClusterSettings& source,
                                     const BackupSettings& settings);

}  // namespace odradek::backup
