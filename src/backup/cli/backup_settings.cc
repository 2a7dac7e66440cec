#include "backup/cli/backup_settings.h"

#include "backup/archive/process_identity.h"

namespace odradek::backup {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

void declare_run(config::Binder& binder, BackupSettings& s) {
  binder.add("backup.continuous", s.continuous,
             "run until stopped: a cycle each poll_interval_ms, and a restore point each");
  binder.add("backup.stop_at_current_offsets", s.stop_at_current_offsets,
             "stop at the ends as they were at the beginning; false looks again until nothing is "
             "new");
  binder.add("backup.poll_interval_ms", s.poll_interval, "from one cycle's start to the next")
      .range(milliseconds(100), hours(24));
  binder
      .add("backup.checkpoint_interval_secs", s.checkpoint_interval,
           "how often finished segments are committed")
      .range(seconds(1), hours(1));
  binder.add("backup.label", s.label, "name of the restore points this run makes");
  binder
      .add("backup.shutdown_grace_secs", s.shutdown_grace,
           "how long TERM or INT waits for the last commit")
      .range(seconds(1), hours(1));
}

void declare_format(config::Binder& binder, BackupSettings& s) {
  binder.choice("backup.compression", s.compression,
                {{"zstd", Compression::kZstd},
                 {"lz4", Compression::kLz4},
                 {"gzip", Compression::kGzip},
                 {"snappy", Compression::kSnappy},
                 {"none", Compression::kNone}},
                "zstd: large frames of many batches; others: each batch by itself");
  binder.add("backup.compression_level", s.compression_level, "of zstd").range(1, 19);
  binder.choice(
      "backup.transcode", s.transcode,
      {{"auto", Transcode::kAuto}, {"never", Transcode::kNever}, {"all", Transcode::kAll}},
      "which batches are stored with another codec than they came with: those that get "
      "smaller, none (byte for byte), or all");
  binder.add("backup.segment_max_bytes", s.segment_max_bytes, "uncompressed size of a segment")
      .range({1ULL << 16U}, {16ULL << 30U});
  binder.add("backup.segment_max_records", s.segment_max_records, "0: no limit")
      .range(0, INT64_MAX);
  binder.add("backup.segment_max_age_secs", s.segment_max_age, "a segment is closed then at last")
      .range(seconds(1), hours(24));
  binder.add("backup.frame_bytes", s.frame_bytes, "what is compressed together, uncompressed")
      .range({1ULL << 16U}, {64ULL << 20U});
}

void declare_source(config::Binder& binder, BackupSettings& s) {
  binder.choice("backup.isolation_level", s.isolation_level,
                {{"read_committed", IsolationLevel::kReadCommitted},
                 {"read_uncommitted", IsolationLevel::kReadUncommitted}},
                "leave out aborted transactions, or keep everything");
  binder.add("backup.include_internal_topics", s.include_internal_topics,
             "topics the cluster calls internal, such as __consumer_offsets");
  binder.add("backup.consumer_groups", s.consumer_groups, "capture the positions of groups");
  binder.add("backup.cluster_metadata", s.cluster_metadata, "capture ACLs and quotas");
  binder.choice("backup.on_missing_topic", s.on_missing_topic,
                {{"fail", OnMissingTopic::kFail}, {"warn", OnMissingTopic::kWarn}},
                "when a topic named without a pattern does not exist");
  binder.choice(
      "backup.on_topic_recreated", s.on_topic_recreated,
      {{"new_incarnation", OnTopicRecreated::kNewIncarnation}, {"fail", OnTopicRecreated::kFail}},
      "when a topic was deleted and created again, or its log lost its end");
  binder.choice("backup.on_hanging_txn", s.on_hanging_txn,
                {{"report", OnHangingTransaction::kReport}, {"fail", OnHangingTransaction::kFail}},
                "when a transaction keeps records back for too long");
  binder.add("backup.hanging_txn_timeout_secs", s.hanging_txn_timeout, "how long is too long")
      .range(seconds(1), hours(24 * 30));
  binder.add("backup.allow_gaps", s.allow_gaps,
             "exit with 0 although the cluster deleted records before they were copied");
  binder.add("backup.skip_corrupt", s.skip_corrupt,
             "record batches no replica has whole as gaps, instead of failing");
  binder.add("backup.client_rack", s.client_rack,
             "where this runs: replicas in that rack are read from");
}

void declare_limits(config::Binder& binder, BackupSettings& s) {
  binder
      .add("backup.max_concurrent_partitions", s.max_concurrent_partitions,
           "partitions copied at once")
      .range(1, 256);
  binder
      .add("backup.memory_budget", s.memory_budget,
           "for what is fetched and compressed; the program itself takes up to 64 MiB more")
      .range({4ULL << 20U}, {1ULL << 40U});
  binder.add("backup.fetch_max_bytes", s.fetch_max_bytes, "asked of a partition at once")
      .range({1ULL << 16U}, {64ULL << 20U});
  binder.add("backup.rate_limit_bytes_per_sec", s.rate_limit_bytes_per_sec,
             "0: none; HUP reads it again");
  binder
      .add("backup.rate_limit_records_per_sec", s.rate_limit_records_per_sec,
           "0: none; HUP reads it again")
      .range(0, INT64_MAX);
  binder
      .add("backup.retry_deadline_secs", s.retry_deadline,
           "how long a broker or the store may be away before the run fails")
      .range(seconds(0), hours(24));
  binder.add("backup.breaker_failures", s.breaker_failures, "failures in a row before a pause")
      .range(1, 1000);
  binder.add("backup.breaker_pause_secs", s.breaker_pause, "the pause, then one probe")
      .range(seconds(1), hours(1));
}

wire::Codec batch_codec(Compression compression) {
  switch (compression) {
    case Compression::kLz4: return wire::Codec::kLz4;
    case Compression::kGzip: return wire::Codec::kGzip;
    case Compression::kSnappy: return wire::Codec::kSnappy;
    default: return wire::Codec::kNone;
  }
}

BackupMode mode_of(const BackupSettings& s) {
  if (s.continuous) return BackupMode::kContinuous;
  return s.stop_at_current_offsets ? BackupMode::kSnapshot : BackupMode::kCatchUp;
}

CopyOptions copy_options(const BackupSettings& s) {
  CopyOptions copy;
  copy.fetch.isolation = s.isolation_level;
  copy.fetch.max_bytes = static_cast<int32_t>(s.fetch_max_bytes.bytes);
  copy.fetch.rack = s.client_rack;
  copy.coding.transcode = s.transcode;
  copy.coding.codec = batch_codec(s.compression);
  copy.coding.frames_are_compressed = s.compression == Compression::kZstd;
  copy.segment.zstd_level = copy.coding.frames_are_compressed ? s.compression_level : 0;
  copy.segment.frame_bytes = s.frame_bytes.bytes;
  copy.segment_bytes = s.segment_max_bytes.bytes;
  copy.segment_records = static_cast<uint64_t>(s.segment_max_records);
  copy.segment_interval = s.segment_max_age;
  copy.skip_corrupt = s.skip_corrupt;
  return copy;
}

}  // namespace

void declare_backup(config::Binder& binder, BackupSettings& settings) {
  declare_run(binder, settings);
  declare_format(binder, settings);
  declare_source(binder, settings);
  declare_limits(binder, settings);
}

void declare_metrics(config::Binder& binder, MetricsSettings& s) {
  binder.add("metrics.enabled", s.enabled,
             "serve /metrics, /health/live, /health/ready and /status; not said: while a "
             "continuous backup runs");
  binder.add("metrics.bind_address", s.bind_address, "where");
  binder.add("metrics.port", s.port, "0: any free one, which is logged");
  binder.add("metrics.max_partition_labels", s.max_partition_labels,
             "partitions with series of their own; sums count all");
}

Result<BackupOptions> backup_options(const std::string& backup_id, const ClusterSettings& source,
                                     const BackupSettings& s) {
  ODK_TRY(NameFilter topics, NameFilter::make(source.topics_include, source.topics_exclude));
  ODK_TRY(NameFilter groups, NameFilter::make(source.groups_include, source.groups_exclude));
  BackupOptions options;
  options.topics = std::move(topics);
  options.groups = std::move(groups);
  options.backup_id = backup_id;
  options.mode = mode_of(s);
  options.cycle_interval = s.poll_interval;
  options.include_internal_topics = s.include_internal_topics;
  options.capture_groups = s.consumer_groups;
  options.capture_cluster = s.cluster_metadata;
  options.on_missing_topic = s.on_missing_topic;
  options.on_topic_recreated = s.on_topic_recreated;
  options.on_hanging_transaction = s.on_hanging_txn;
  options.hanging_transaction_timeout = s.hanging_txn_timeout;
  options.copy = copy_options(s);
  options.partitions_at_once = s.max_concurrent_partitions;
  options.memory_budget_bytes = s.memory_budget.bytes;
  options.bytes_per_second = s.rate_limit_bytes_per_sec.bytes;
  options.records_per_second = static_cast<uint64_t>(s.rate_limit_records_per_sec);
  options.retry.deadline = s.retry_deadline;
  options.retry.breaker_failures = static_cast<int>(s.breaker_failures);
  options.retry.breaker_pause = s.breaker_pause;
  options.checkpoint_interval = s.checkpoint_interval;
  options.restore_point_label = s.label;
  options.owner = process_identity();
  return options;
}

}  // namespace odradek::backup
