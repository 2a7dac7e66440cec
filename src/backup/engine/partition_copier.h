#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "backup/archive/archive.h"
#include "backup/engine/archived_batch.h"
#include "backup/engine/source.h"
#include "backup/format/segment_writer.h"
#include "io/bounded_queue.h"
#include "io/task_group.h"
#include "io/worker_pool.h"

namespace odradek::backup {

struct CopyOptions {
  FetchOptions fetch;
  Transcode transcode = Transcode::kAuto;
  SegmentWriterOptions segment;
  uint64_t segment_bytes = 128ULL * 1024 * 1024;  // raw; a segment is closed behind it
};

// What one partition is to be copied, and into what.
struct CopyPlan {
  TopicPartition source;
  uint32_t incarnation = 1;
  int64_t start = 0;   // the first offset not covered yet
  int64_t target = 0;  // copy up to here, exclusive
  uint32_t writer_epoch = 0;
  Uuid backup_set;
};

struct CopyCounters {
  uint64_t records = 0;
  uint64_t raw_bytes = 0;
  uint64_t stored_bytes = 0;
  uint64_t segments = 0;
  uint64_t fetched_bytes = 0;
};

// Copies one partition: fetches ahead, verifies and archives on a worker, closes segments. What is
// finished waits in take_change() until the job commits it. Everything borrowed outlives the task.
// One loop.
class PartitionCopier {
 public:
  PartitionCopier(Source& source, store::ObjectStore& store, io::WorkerPool& workers,
                  const ArchiveKeys& keys, CopyPlan plan, CopyOptions options, Clock& clock);

  // Until the target is reached, an error, or stop(). The open segment is closed in every case but
  // an error.
  io::Task<Result<void>> run();
  // Ends run() after the batches under way.
  void stop() { stopping_ = true; }

  // What may be committed since the last call: finished segments, gaps, aborted ranges.
  std::optional<PartitionChange> take_change();

  const CopyPlan& plan() const { return plan_; }
  const CopyCounters& counters() const { return counters_; }
  // How far it got, for progress; lags behind by what a worker has in hand.
  int64_t reported_position() const { return reported_position_; }

 private:
  // While a worker runs archive_all() or finishes a segment, the task waits for it, and what
  // take_change() and counters() give is not touched.
  // A fetch that succeeded, or the error that ended the fetching.
  using Fetched = Result<FetchedBatches>;

  io::Task<void> fetch_ahead();
  io::Task<Result<void>> process_all();
  io::Task<Result<void>> skip_to_log_start();
  io::Task<Result<void>> close_segment();
  Result<uint64_t> archive_all(const FetchedBatches& fetched);
  Result<uint64_t> archive_one(const Slice& memory, const wire::BatchView& batch);
  Result<void> open_segment();
  Error named(const Error& error) const;

  Source* source_;
  store::ObjectStore* store_;
  io::WorkerPool* workers_;
  const ArchiveKeys* keys_;
  Clock* clock_;
  CopyPlan plan_;
  CopyOptions options_;
  io::BoundedQueue<Fetched> queue_;
  BatchArchiver archiver_;
  AbortedFilter aborted_filter_;
  std::unique_ptr<SegmentWriter> segment_;
  std::string segment_key_;
  int64_t segment_start_ = 0;  // where the cover of the open segment begins
  std::vector<OffsetRange> segment_aborted_;
  int64_t position_;  // the next offset to archive
  int64_t fetch_position_;
  int64_t reported_position_;
  PartitionChange change_;
  CopyCounters counters_;
  bool stopping_ = false;
};

}  // namespace odradek::backup
