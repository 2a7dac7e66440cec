#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backup/engine/partition_copier.h"
#include "backup/engine/topic_filter.h"
#include "obs/metrics.h"

// What a backup is told to do, and what it tells.
namespace odradek::backup {

enum class BackupMode : uint8_t {
  kSnapshot,    // to the ends as they were at the beginning
  kCatchUp,     // again, until a look finds nothing new
  kContinuous,  // cycles until stopped, a restore point each
};

enum class OnMissingTopic : uint8_t { kFail, kWarn };
enum class OnTopicRecreated : uint8_t { kNewIncarnation, kFail };
enum class OnHangingTransaction : uint8_t { kReport, kFail };

struct BackupOptions {
  std::string backup_id;
  NameFilter topics;
  NameFilter groups;
  BackupMode mode = BackupMode::kSnapshot;
  Duration cycle_interval = std::chrono::seconds(30);  // between the starts of cycles
  bool include_internal_topics = false;
  bool capture_groups = true;
  bool capture_cluster = true;
  OnMissingTopic on_missing_topic = OnMissingTopic::kFail;
  OnTopicRecreated on_topic_recreated = OnTopicRecreated::kNewIncarnation;
  OnHangingTransaction on_hanging_transaction = OnHangingTransaction::kReport;
  Duration hanging_transaction_timeout = std::chrono::minutes(15);
  CopyOptions copy;
  size_t partitions_at_once = 4;
  uint64_t memory_budget_bytes = 256ULL * 1024 * 1024;
  uint64_t bytes_per_second = 0;  // 0: no limit
  uint64_t records_per_second = 0;
  RetryOptions retry;
  Duration checkpoint_interval = std::chrono::seconds(5);
  std::string restore_point_label;
  std::string owner = "kafka-backup";
  // Called about as often as something changes; for progress bars.
  std::function<void(const struct BackupStatus&)> on_progress;
};

struct PartitionStatus {
  std::string topic;
  int32_t partition = 0;
  int64_t start = 0;     // where this cycle began
  int64_t position = 0;  // the next offset to archive
  int64_t target = 0;    // where this cycle ends
  int64_t log_end = 0;   // of the source, transactions or not, when the cycle was planned
  int64_t lso_lag = 0;   // what open transactions keep back
};

// The state of a run at any time.
struct BackupStatus {
  std::string phase;  // "planning", "copying", "waiting", "stopping", "done"
  uint64_t cycles = 0;
  CopyCounters copied;  // of the whole run
  uint64_t retries = 0;
  uint64_t gaps = 0;
  uint64_t gap_offsets = 0;
  uint64_t commit_seq = 0;
  TimestampMs last_commit_at = 0;  // 0: none by this run
  std::shared_ptr<const obs::Histogram> commit_seconds;  // until each was durable
  uint64_t memory_used_bytes = 0;
  std::map<std::string, BreakerState> breakers;
  std::vector<PartitionStatus> partitions;

  uint64_t offsets_total() const;  // of the cycle under way
  uint64_t offsets_done() const;
};

struct BackupReport {
  size_t topics = 0;
  size_t partitions = 0;
  size_t groups = 0;
  CopyCounters copied;
  uint64_t through_commit = 0;
  uint64_t cycles = 0;
  // Gaps found by this run behind the first backup of their partition: offsets that were lost.
  std::vector<std::string> gaps;
  // What a person should know though nothing was lost: new incarnations, hanging transactions.
  std::vector<std::string> warnings;
  bool was_stopped = false;
};

}  // namespace odradek::backup
