#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/slice.h"
#include "log/log_config.h"
#include "wire/batch_rewrite.h"
#include "wire/codec.h"

namespace odradek::log {

// Which batches to read.
struct ReadRange {
  int64_t offset = 0;        // the first batch is the one that contains it
  size_t bytes_max = 0;      // whole batches up to this many bytes
  bool first_batch_whole = false;  // give the first batch even if it alone is larger
  int64_t end_offset = 0;    // no batch at or behind this offset
};

// A record found by its timestamp.
struct TimedOffset {
  int64_t offset = -1;
  int64_t timestamp_ms = -1;
  int32_t leader_epoch = -1;
};

// What to unpack batches with while searching in them: one per loop, shared by all logs.
struct Unpacker {
  wire::Decompressor decompressor;
  Buffer scratch;
};

// Writes the segment that compaction puts in the place of some others.
class SegmentWriter {
 public:
  SegmentWriter() = default;
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;
  virtual ~SegmentWriter() = default;  // without finish(): nothing has changed

  // A whole batch; base offsets ascend and lie within the replaced segments.
  virtual Result<void> append(Bytes batch) = 0;
  virtual size_t size_bytes() const = 0;
  // Work to be done, on any thread, before finish(): makes what was appended safe.
  virtual Result<std::function<Result<void>()>> sync_work() = 0;
  // Puts the new segment in the place of the old ones. Readers keep what they have.
  virtual Result<void> finish() = 0;
};

// The bytes of one partition: record batches in offset order, found by offset and by time. Knows
// nothing of what may be appended; PartitionLog decides that. Belongs to one loop.
class BatchStore {
 public:
  BatchStore() = default;
  BatchStore(const BatchStore&) = delete;
  BatchStore& operator=(const BatchStore&) = delete;
  virtual ~BatchStore() = default;

  // Appends a batch made of `header` (offsets and epoch set) and its records section, copied.
  // The base offset is at least end_offset(). Errors: kLimitExceeded (no memory, no space), kIo;
  // then nothing has changed.
  virtual Result<void> append(const wire::HeaderBytes& header, Bytes stored_records,
                              int64_t now_ms) = 0;

  // Whole batches of the range, by reference, appended to `out`; their total size. The offset is
  // in [start_offset(), end_offset()]. Zero when nothing fits. Errors: kIo, kMalformed (stored
  // bytes that are no batches).
  virtual Result<size_t> read(const ReadRange& range, std::vector<Slice>& out) const = 0;

  // The first record at or behind `from_offset` whose timestamp is at least `timestamp_ms`.
  // kMalformed when a batch does not unpack; kIo.
  virtual Result<std::optional<TimedOffset>> find_by_time(int64_t timestamp_ms, int64_t from_offset,
                                                          Unpacker& unpacker) const = 0;
  // The first record with the largest timestamp, at or behind `from_offset`.
  virtual Result<std::optional<TimedOffset>> find_max_timestamp(int64_t from_offset,
                                                                Unpacker& unpacker) const = 0;

  // Forgets whole segments that end at or before `offset`, the last one too if it does; gives the
  // first offset still there (end_offset() when nothing is).
  virtual int64_t drop_before(int64_t offset) = 0;

  // The units drop_before() and compaction work on.
  struct Segment {
    int64_t base_offset = 0;
    int64_t next_offset = 0;
    int64_t max_timestamp_ms = -1;  // of its records
    int64_t first_timestamp_ms = -1;  // of its first batch
    int64_t created_ms = 0;
    int64_t appended_ms = 0;  // when the last of them came
    size_t bytes = 0;
  };
  // The oldest first; none without records. Only the last is appended to.
  virtual std::vector<Segment> segments() const = 0;
  virtual std::optional<Segment> oldest_segment() const = 0;
  virtual std::optional<Segment> newest_segment() const = 0;

  // The next append begins a new segment. No change when the last one is empty.
  virtual Result<void> roll(int64_t now_ms) = 0;
  // Whether a batch with this last offset needs a new segment, whatever the configuration says.
  virtual bool is_full_for(int64_t /*last_offset*/) const { return false; }

  // Begins to replace the segments with these base offsets; the last segment is not among them.
  // One writer at a time; segments may be dropped and appended to meanwhile.
  virtual Result<std::unique_ptr<SegmentWriter>> replace(int64_t first_base, int64_t last_base) = 0;

  // What a crash of the machine cannot take back any more ends here.
  virtual int64_t flushed_offset() const { return end_offset(); }
  // Work that makes everything up to `end_offset` safe. `run` may be called on any thread while
  // the store is used on its own; then flushed(end_offset) is told to the store, if it went well.
  struct Flush {
    int64_t end_offset = 0;
    std::function<Result<void>()> run;
  };
  virtual Result<Flush> begin_flush() {
    return Flush{end_offset(), [] { return Result<void>(); }};
  }
  virtual void flushed(int64_t /*end_offset*/) {}
  // Whether segments that are full are not safe yet.
  virtual bool has_unsafe_segments() const { return false; }
  // What the topic says about files.
  virtual void configure(const LogConfig& /*config*/) {}
  // Removes the files of dropped segments whose time has come (file.delete.delay.ms).
  virtual void tidy(int64_t /*now_ms*/) {}

  virtual int64_t first_offset() const = 0;  // of the oldest batch; end_offset() when empty
  virtual int64_t end_offset() const = 0;
  virtual size_t size_bytes() const = 0;
};

}  // namespace odradek::log
