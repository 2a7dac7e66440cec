#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "log/batch_filter.h"
#include "log/key_offsets.h"
#include "log/partition_log.h"

namespace odradek::log {

// What compaction would do to a log now.
struct CompactionPlan {
  int64_t first_dirty = 0;  // everything before was compacted with everything before it
  int64_t end = 0;          // from here on nothing may be touched yet
  size_t clean_bytes = 0;
  size_t dirty_bytes = 0;
  bool overdue = false;  // by max.compaction.lag.ms

  double dirty_ratio() const {
    const size_t all = clean_bytes + dirty_bytes;
    return all == 0 ? 0 : static_cast<double>(dirty_bytes) / static_cast<double>(all);
  }
};

// `compacted_until` is where the last compaction ended. Nothing when there is nothing to do by the
// log's configuration. The last segment, open transactions and records younger than
// min.compaction.lag.ms stay out.
// Source: LogCleanerManager.cleanableOffsets, grabFilthiestCompactedLog of Kafka 4.
std::optional<CompactionPlan> plan_compaction(const PartitionLog& log, int64_t compacted_until,
                                              int64_t now_ms);

struct CompactionLimits {
  size_t key_bytes = size_t{16} << 20U;    // of memory, to know keys by
  size_t segment_bytes = size_t{1} << 30U;  // of what is made from small segments together
};

// One compaction of one log, in small steps, so that the loop it shares goes on; the log may be
// read, appended to and cut meanwhile. The log outlives it. What it wrote is in place segment by
// segment: an error leaves the log valid, and the rest to the next time. One loop.
// Source: Cleaner of Kafka 4.
class Compaction {
 public:
  Compaction(PartitionLog& log, const CompactionPlan& plan, const CompactionLimits& limits,
             int64_t now_ms);

  enum class Next : uint8_t {
    kStep,  // more is to do
    kSync,  // sync_work() is to be done first, on any thread
    kDone,
  };
  // Reads about so many bytes. Errors: kMalformed, kIo, kLimitExceeded (no space).
  Result<Next> step(size_t bytes, CheckScratch& scratch);
  const std::function<Result<void>()>& sync_work() const { return sync_work_; }

  // Once done: where the next one begins.
  int64_t compacted_until() const { return end_; }
  size_t bytes_read() const { return bytes_read_; }
  size_t bytes_kept() const { return bytes_kept_; }

 private:
  struct Group {
    int64_t first_base;
    int64_t last_base;
    int64_t next_offset;
  };

  Result<Next> map_keys(size_t bytes, CheckScratch& scratch);
  Result<bool> map_batch(const wire::BatchView& batch, CheckScratch& scratch);
  void group_segments();
  Result<Next> copy(size_t bytes, CheckScratch& scratch);
  Result<Next> put_in_place();

  PartitionLog& log_;
  CompactionLimits limits_;
  BatchFilter::Round round_;
  int64_t first_dirty_;
  int64_t position_;  // the next offset to read
  int64_t end_;
  bool mapped_ = false;
  KeyOffsets keys_;
  std::optional<BatchFilter> filter_;
  std::vector<Group> groups_;  // those to do, the next one last
  std::unique_ptr<SegmentWriter> writer_;
  std::function<Result<void>()> sync_work_;
  std::vector<Slice> slices_;
  size_t bytes_read_ = 0;
  size_t bytes_kept_ = 0;
};

}  // namespace odradek::log
