#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/slice.h"
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

// The bytes of one partition: record batches in offset order, found by offset and by time. Knows
// nothing of what may be appended; PartitionLog decides that. Belongs to one loop.
class BatchStore {
 public:
  BatchStore() = default;
  BatchStore(const BatchStore&) = delete;
  BatchStore& operator=(const BatchStore&) = delete;
  virtual ~BatchStore() = default;

  // Appends a batch made of `header` (offsets and epoch set) and its records section, copied.
  // The base offset is at least end_offset(). Errors: kLimitExceeded (no memory), kIo.
  virtual Result<void> append(const wire::HeaderBytes& header, Bytes stored_records,
                              int64_t now_ms) = 0;

  // Whole batches of the range, by reference, appended to `out`; their total size. The offset is
  // in [start_offset(), end_offset()]. Zero when nothing fits.
  virtual size_t read(const ReadRange& range, std::vector<Slice>& out) const = 0;

  // The first record at or behind `from_offset` whose timestamp is at least `timestamp_ms`.
  // kMalformed when a batch does not unpack.
  virtual Result<std::optional<TimedOffset>> find_by_time(int64_t timestamp_ms, int64_t from_offset,
                                                          Unpacker& unpacker) const = 0;
  // The first record with the largest timestamp, at or behind `from_offset`.
  virtual Result<std::optional<TimedOffset>> find_max_timestamp(int64_t from_offset,
                                                                Unpacker& unpacker) const = 0;

  // Forgets whole segments that end at or before `offset`, the last one too if it does; gives the
  // first offset still there (end_offset() when nothing is).
  virtual int64_t drop_before(int64_t offset) = 0;

  // The units drop_before() works on, oldest first, for retention.
  struct Segment {
    int64_t base_offset = 0;
    int64_t next_offset = 0;
    int64_t max_timestamp_ms = -1;  // of its records
    int64_t appended_ms = 0;  // when the last of them came
    size_t bytes = 0;
  };
  virtual std::optional<Segment> oldest_segment() const = 0;

  virtual int64_t first_offset() const = 0;  // of the oldest batch; end_offset() when empty
  virtual int64_t end_offset() const = 0;
  virtual size_t size_bytes() const = 0;
};

}  // namespace odradek::log
