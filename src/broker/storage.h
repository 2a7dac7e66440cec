#pragma once

#include <memory>
#include <string>

#include "broker/flush_policy.h"
#include "broker/metadata_log.h"
#include "broker/space_reserve.h"
#include "broker/topics.h"
#include "log/disk/log_directory.h"

namespace odradek::broker {

struct StorageOptions {
  std::string directory;
  FlushPolicy flush;
  std::shared_ptr<log::FileSystem> files = {};  // none: the system's
};

// The broker's data directory: partitions' logs, the metadata log, who it belongs to. One loop.
class Storage final : public LogPlace {
 public:
  // Opens the directory, or makes it. `cluster_id` is checked against what is there, taken from
  // there when empty, and made when nobody knows it.
  // Errors: kConfig (another cluster's or node's directory), LogDirectory::open.
  static Result<std::unique_ptr<Storage>> open(const StorageOptions& options, int32_t node_id,
                                               std::string& cluster_id);

  const log::LogDirectory& directory() const { return *directory_; }
  // What the file system has left.
  Result<log::FileSystem::Space> space() const { return files_->space(directory_->path()); }
  // From now on no log opens.
  void fail(const Error& error) { fault_ = error; }
  const std::optional<Error>& fault() const { return fault_; }
  const FlushPolicy& flush_policy() const { return flush_; }
  // All zero when it cannot be told.
  Uuid directory_id() const { return directory_id_; }

  // Opens the metadata log and applies it; all handlers are set.
  Result<void> open_metadata(MetadataLog& metadata, int64_t now_ms);

  // A log that cannot be opened is offline, and named in the log.
  log::PartitionLog open_log(const Topic& topic, int32_t partition, const log::LogConfig& config,
                             int32_t leader_epoch, int64_t now_ms) override;
  void remove_log(const Topic& topic, int32_t partition) override;

  // What takes time now and then: removal of files, checkpoints.
  void tidy(const Topics& topics, int64_t now_ms);
  // Makes everything safe, and marks the stop as a clean one if all of it went well.
  void close(const Topics& topics, MetadataLog& metadata);

 private:
  Storage(std::shared_ptr<log::FileSystem> files, FlushPolicy flush)
      : files_(std::move(files)), flush_(flush) {}

  Result<void> identify(int32_t node_id, std::string& cluster_id);
  Result<void> write_checkpoints(const Topics& topics);

  std::shared_ptr<log::FileSystem> files_;
  FlushPolicy flush_;
  std::unique_ptr<log::LogDirectory> directory_;
  Uuid directory_id_;
  std::optional<Error> fault_;
  std::optional<SpaceReserve> reserve_;
  int64_t checkpoints_written_ms_ = 0;
};

}  // namespace odradek::broker
