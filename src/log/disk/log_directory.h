#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "log/disk/checkpoint_file.h"
#include "log/disk/file_cache.h"
#include "log/disk/partition_files.h"

namespace odradek::log {

// Who a data directory belongs to: meta.properties.
// Source: MetaProperties of Kafka 4, version 1.
struct MetaProperties {
  std::string cluster_id;
  std::string directory_id;
  int32_t node_id = -1;
};

// Which partition's log: one directory, "TOPIC-PARTITION".
struct LogName {
  std::string topic;
  Uuid topic_id;
  int32_t partition = 0;
};

// A broker's data directory as Kafka lays it out: a directory for each partition, and beside them
// meta.properties, checkpoints of recovery points and log starts, and a marker that says whether
// the last stop was a clean one. One process at a time. One loop.
// Source: LogManager of Kafka 4.
class LogDirectory {
 public:
  // Makes the directory when it is not there. Errors: kPrecondition (another process has it),
  // kMalformed, kIo.
  static Result<std::unique_ptr<LogDirectory>> open(FileSystem& files, std::string path,
                                                    size_t open_files_max);

  const std::string& path() const { return path_; }
  FileSystem& files() { return files_; }
  FileCache& cache() { return cache_; }
  bool was_clean() const { return was_clean_; }

  // What meta.properties says; none in a new directory.
  const std::optional<MetaProperties>& properties() const { return properties_; }
  Result<void> write_properties(const MetaProperties& properties);

  // Opens a partition's log, or makes it. A directory of another topic's id goes away.
  // Errors: open_partition().
  Result<PartitionLog> open_log(const LogName& name, const LogConfig& config, int32_t leader_epoch,
                                int64_t now_ms, DiskRecovery& recovery);
  // Puts the log aside, to be removed by the next tidy(). Nobody uses it any more.
  Result<void> delete_log(const LogName& name);
  void tidy();

  // Writes those files that differ from what was written before.
  struct Checkpoints {
    PartitionOffsets recovery_points = {};
    PartitionOffsets starts = {};
    PartitionOffsets compacted = {};  // until there
  };
  Result<void> write_checkpoints(Checkpoints checkpoints);
  // Copies what was written before of one partition.
  void keep_checkpoints(const PartitionOffsets::key_type& partition, Checkpoints& into) const;
  // The last thing written, when all logs are safe.
  Result<void> mark_clean();

 private:
  LogDirectory(FileSystem& files, std::string path, size_t open_files_max)
      : files_(files), cache_(files, open_files_max), path_(std::move(path)) {}

  Result<void> load();
  Result<void> load_properties();
  Result<void> check_topic_id(const LogName& name, const std::string& directory);
  std::string directory_of(const LogName& name) const;
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

  FileSystem& files_;
  FileCache cache_;
  std::string path_;
  std::unique_ptr<File> lock_;
  std::optional<MetaProperties> properties_;
  bool was_clean_ = false;
  Checkpoints checkpoints_;
  std::vector<std::string> to_remove_;
};

}  // namespace odradek::log
