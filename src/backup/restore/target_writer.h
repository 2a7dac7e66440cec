#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "backup/restore/batch_sender.h"
#include "backup/restore/read_back.h"

namespace odradek::backup {

// Where a partition of the target stands when a restore begins with it, or goes on.
struct WriterStart {
  ProducerIdentity producer;
  uint64_t records = 0;     // that this restore has put there, as far as the map says
  int64_t next_offset = 0;  // behind them
  int64_t log_end = 0;      // of the target now
};

// Writes one partition of the target. What lies there behind what the map knows was written by a
// run of this restore that was killed: it is read back and compared with the batches that come,
// and only behind it batches are sent. One loop.
class TargetWriter {
 public:
  TargetWriter(cluster::Cluster& cluster, ProduceQueue& produce, Source& source,
               io::WorkerPool& workers, TopicPartition partition, const WriterStart& start);

  // Errors: kPrecondition when the target holds other records than those (another writer).
  io::Task<Result<void>> write(PreparedBatch batch);
  // Waits until all that was written is acknowledged.
  io::Task<Result<void>> flush();
  // After the last batch. kPrecondition when the target has more.
  io::Task<Result<void>> finish();

  // Runs known since the last call.
  std::vector<OffsetRun> take_runs();
  uint64_t records_found() const { return records_found_; }  // that were there already
  bool has_seen_holes() const { return has_seen_holes_ || (sender_ && sender_->has_seen_holes()); }

 private:
  void begin_sending();
  io::Task<Result<void>> compare(PreparedBatch batch);

  cluster::Cluster* cluster_;
  ProduceQueue* produce_;
  TopicPartition partition_;
  WriterStart start_;
  uint64_t records_;
  uint64_t records_found_ = 0;
  bool has_seen_holes_ = false;
  std::unique_ptr<ReadBack> read_back_;
  std::unique_ptr<BatchSender> sender_;
  std::vector<OffsetRun> runs_;
};

}  // namespace odradek::backup
