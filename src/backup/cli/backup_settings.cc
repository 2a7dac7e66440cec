#include "backup/cli/backup_settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <climits>

namespace odradek::backup {
namespace {

std::string this_process() {
  char host[HOST_NAME_MAX + 1] = {};
  gethostname(host, sizeof host - 1);
  return fmt::format("{}:{}", host, getpid());
}

}  // namespace

void declare_backup(config::Binder& binder, BackupSettings& s) {
  binder.choice("backup.compression", s.compression,
                {{"zstd", Compression::kZstd}, {"none", Compression::kNone}},
                "how segments are compressed");
  binder.add("backup.compression_level", s.compression_level, "zstd level").range(1, 19);
  binder.choice("backup.transcode", s.transcode,
                {{"auto", Transcode::kAuto}, {"never", Transcode::kNever}},
                "store gzip, snappy and lz4 batches uncompressed inside the archive's zstd");
  binder.add("backup.segment_max_bytes", s.segment_max_bytes, "uncompressed size of a segment")
      .range({1ULL << 16U}, {16ULL << 30U});
  binder
      .add("backup.checkpoint_interval_secs", s.checkpoint_interval,
           "how often finished segments are committed")
      .range(std::chrono::seconds(1), std::chrono::hours(1));
  binder.choice("backup.isolation_level", s.isolation_level,
                {{"read_committed", IsolationLevel::kReadCommitted},
                 {"read_uncommitted", IsolationLevel::kReadUncommitted}},
                "leave out aborted transactions, or keep everything");
  binder
      .add("backup.max_concurrent_partitions", s.max_concurrent_partitions,
           "partitions copied at once")
      .range(1, 256);
  binder.add("backup.consumer_groups", s.consumer_groups, "capture the positions of groups");
  binder.add("backup.label", s.label, "name of the restore point this run makes");
}

Result<BackupOptions> backup_options(const std::string& backup_id, const ClusterSettings& source,
                                     const BackupSettings& s) {
  ODK_TRY(NameFilter topics, NameFilter::make(source.topics_include, source.topics_exclude));
  ODK_TRY(NameFilter groups, NameFilter::make(source.groups_include, source.groups_exclude));
  BackupOptions options;
  options.topics = std::move(topics);
  options.groups = std::move(groups);
  options.backup_id = backup_id;
  options.capture_groups = s.consumer_groups;
  options.copy.fetch.isolation = s.isolation_level;
  options.copy.transcode = s.transcode;
  options.copy.segment.zstd_level = s.compression == Compression::kNone ? 0 : s.compression_level;
  options.copy.segment_bytes = s.segment_max_bytes.bytes;
  options.partitions_at_once = s.max_concurrent_partitions;
  options.checkpoint_interval = s.checkpoint_interval;
  options.restore_point_label = s.label;
  options.owner = this_process();
  return options;
}

}  // namespace odradek::backup
