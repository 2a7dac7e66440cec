#pragma once

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/slice.h"
#include "proxy/remap/partition_remapper.h"
#include "wire/codec.h"
#include "wire/record_batch.h"

namespace odradek::proxy {

// Looks for the first record of one virtual partition that is not older than a timestamp, chunk by
// chunk of the physical log. Sans I/O.
class TimestampScan {
 public:
  struct Found {
    int64_t offset = -1;
    int64_t timestamp_ms = -1;
  };

  // Begins at `from`, the physical answer.
  TimestampScan(const PartitionRemapper& remapper, VirtualPartitionId partition,
                int64_t timestamp_ms, Offset from)
      : remapper_(&remapper),
        partition_(partition),
        timestamp_ms_(timestamp_ms),
        from_(from.value()),
        cursor_(from.value()) {}

  // Reads what a fetch at cursor() gave. The exact record where the batch can be read, else its
  // first offset; nothing when it is not in the chunk.
  std::optional<Found> scan(Bytes chunk);
  Offset cursor() const { return Offset(cursor_); }
  int64_t scanned_bytes() const { return scanned_bytes_; }

 private:
  bool may_hold(const wire::BatchView& batch) const;
  std::optional<Found> find_record(const wire::BatchView& batch);

  const PartitionRemapper* remapper_;
  VirtualPartitionId partition_;
  int64_t timestamp_ms_;
  int64_t from_;
  int64_t cursor_;
  int64_t scanned_bytes_ = 0;
  wire::Decompressor decompressor_;
  Buffer scratch_;
};

}  // namespace odradek::proxy
