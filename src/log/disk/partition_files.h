#pragma once

#include <memory>
#include <string>
#include <vector>

#include "log/disk/disk_store.h"
#include "log/log_sidecar.h"
#include "log/partition_log.h"

namespace odradek::log {

// The files of a partition's directory beside its segments: producer snapshots, .txnindex (int16
// version, then producer id, first offset, last offset, last stable offset, each int64) and
// leader-epoch-checkpoint.
class PartitionFiles final : public LogSidecar {
 public:
  PartitionFiles(FileSystem& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  // What the files know about a log that ends at `log_end`. What cannot be read is left out and
  // logged: the batches say it again. Errors: kIo when the directory cannot be listed.
  Result<PartitionLog::Kept> load(int64_t log_end, bool clean);

  void save_producers(int64_t offset, const ProducerStates& producers) override;
  void save_aborted(int64_t segment_base, const AbortedTxn& aborted) override;
  void save_epochs(const LeaderEpochs& epochs) override;
  void drop_before(int64_t offset) override;
  void compacted(int64_t first_base, int64_t next_offset) override;

 private:
  void load_producers(int64_t log_end, bool clean, PartitionLog::Kept& kept);
  void load_aborted(const std::vector<int64_t>& bases, PartitionLog::Kept& kept);
  Result<std::vector<AbortedTxn>> read_aborted(int64_t base);
  void remove(int64_t offset, std::string_view suffix);

  FileSystem& files_;
  std::string directory_;
  std::vector<int64_t> snapshots_;    // offsets, ascending
  std::vector<int64_t> txn_indexes_;  // base offsets, ascending
};

// Opens the log of a partition, or makes it. `state.start_offset` is its checkpointed start.
// Errors: DiskStore::open.
Result<PartitionLog> open_partition(FileCache& cache, const std::string& directory,
                                    const LogConfig& config, const DiskState& state,
                                    int32_t leader_epoch, int64_t now_ms, DiskRecovery& recovery);

}  // namespace odradek::log
