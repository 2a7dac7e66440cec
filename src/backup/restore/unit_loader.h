#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backup/restore/offset_map.h"
#include "backup/restore/rate_limiter.h"
#include "backup/restore/segment_preparer.h"
#include "backup/restore/target_writer.h"
#include "io/worker_pool.h"

namespace odradek::backup {

// One archived partition, and where it goes.
struct SourcePart {
  int32_t partition = 0;
  int32_t target_partition = 0;  // unless records are spread
  std::vector<SegmentRef> segments{};
  std::vector<OffsetRange> aborted{};
  int64_t end_offset = INT64_MAX;  // exclusive
  std::string map_prefix{};        // of its offset map's objects

  // Of every segment; a view of this.
  BatchScope scope() const {
    return {.source_partition = partition,
            .target_partition = target_partition,
            .end_offset = end_offset,
            .aborted = aborted};
  }
};

// Archived partitions that share partitions of the target, and so must be written one after the
// other: usually one, all of a topic whose records are spread.
struct LoadUnit {
  TopicPartition target;             // its topic; the partition is not used
  std::vector<SourcePart> sources{};  // in the order they are written
  std::map<int32_t, int64_t> bases{}; // target partition -> its end when the restore began
  PrepareOptions options{};
};

struct LoadCounters {
  uint64_t records = 0;
  uint64_t bytes = 0;            // of batches, as produced
  uint64_t records_resumed = 0;  // that a run before this one had written
  PathCounts paths{};

  void add(const LoadCounters& other);
};

// What the loading of every unit shares. Borrowed.
struct LoadContext {
  cluster::Cluster* cluster;
  ProduceQueue* produce;  // none: nothing is written
  Source* source;         // reads the target
  store::ObjectStore* store;
  io::WorkerPool* workers;
  RateLimiter* limiter;
  ProducerIdentity producer;
};

// Restores one unit: reads the segments' frames and prepares batches on a worker, writes them in
// order, and publishes the offset map in chunks, each when all of it is acknowledged. Goes on
// behind the chunks that are there. One loop.
class UnitLoader {
 public:
  UnitLoader(const LoadContext& context, LoadUnit unit);

  // Errors, naming the partition: the store's, kChecksum and kMalformed, kPrecondition (another
  // writer, or the target lost what was written), what the cluster answers.
  io::Task<Result<void>> run();

  const LoadUnit& unit() const { return unit_; }
  const LoadCounters& counters() const { return counters_; }
  // Are there offsets in the target that this restore did not fill?
  bool has_seen_holes() const;

 private:
  // The raw bytes of segments that share one chunk of the map.
  static constexpr uint64_t kChunkRawBytes = uint64_t{64} * 1024 * 1024;

  struct Progress {  // of one target partition, by the map
    uint64_t records = 0;
    int64_t next_offset = 0;
  };

  io::Task<Result<void>> run_unnamed();
  Result<void> read_progress();
  io::Task<Result<void>> open_writers();
  io::Task<Result<void>> load_source(const SourcePart& source, size_t number);
  io::Task<Result<void>> load_segment(const SourcePart& source, const SegmentRef& segment);
  io::Task<Result<void>> write_chunk(const SourcePart& source, int64_t first, int64_t through);
  std::vector<OffsetRun> take_runs();

  LoadContext context_;
  LoadUnit unit_;
  SegmentPreparer preparer_;
  std::vector<int64_t> done_through_;     // of each source
  std::map<int32_t, Progress> progress_;  // by target partition
  std::map<int32_t, std::unique_ptr<TargetWriter>> writers_;
  LoadCounters counters_;
};

}  // namespace odradek::backup
