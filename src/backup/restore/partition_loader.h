#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backup/archive/archive.h"
#include "backup/format/segment_reader.h"
#include "backup/restore/batch_sender.h"
#include "backup/restore/offset_map.h"
#include "backup/restore/prepared_batch.h"
#include "backup/restore/record_hash.h"
#include "io/worker_pool.h"

namespace odradek::backup {

struct LoadPlan {
  TopicPartition target;
  std::vector<SegmentRef> segments;
  std::string map_key;  // where the offset map goes
};

struct LoadCounters {
  uint64_t records = 0;
  uint64_t bytes = 0;  // of batches, as produced
  uint64_t batches_raw = 0;
  uint64_t batches_recompressed = 0;
  uint64_t batches_reencoded = 0;
};

// Restores one partition: reads the segments' frames and prepares batches on a worker, produces
// them in order, writes the offset map. One loop.
class PartitionLoader {
 public:
  PartitionLoader(cluster::Cluster& cluster, store::ObjectStore& store, io::WorkerPool& workers,
                  LoadPlan plan, ProducerIdentity producer);

  io::Task<Result<void>> run();

  const LoadPlan& plan() const { return plan_; }
  const LoadCounters& counters() const { return counters_; }
  // What was read from the archive, as a consumer sees it: to compare the target with.
  const RecordHash& archive_hash() const { return hash_; }

 private:
  struct PreparedFrame {
    std::vector<PreparedBatch> batches;
    LoadCounters counters;
  };

  io::Task<Result<void>> load_segment(const SegmentRef& segment);
  Result<PreparedFrame> prepare_frame(SegmentReader& reader, size_t frame);
  io::Task<Result<void>> store_runs();
  Error named(const Error& error) const;

  store::ObjectStore* store_;
  io::WorkerPool* workers_;
  LoadPlan plan_;
  BatchSender sender_;
  BatchPreparer preparer_;
  RecordHash hash_;
  std::unique_ptr<OffsetMapWriter> map_;
  LoadCounters counters_;
};

}  // namespace odradek::backup
