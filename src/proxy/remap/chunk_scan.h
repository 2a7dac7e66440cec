#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/slice.h"
#include "proxy/remap/partition_remapper.h"
#include "proxy/remap/piece_list.h"
#include "wire/record_batch.h"

namespace odradek::proxy {

// What a whole Fetch answer may still take. Its first batch is always taken whole, however large,
// so that a consumer never starves (KIP-74).
struct AnswerBudget {
  int64_t bytes_left = 0;
  bool is_empty = true;  // nothing taken yet
};

// What one virtual partition gathers during one client Fetch: own batches as they were produced,
// and how far the physical log was scanned. Sans I/O.
class VirtualReader {
 public:
  // Reads `partition` from `from` on, at most `bytes_max` bytes (the first batch whole). All
  // offsets here are the broker's; in the answer `client_offset_base` is added to them.
  VirtualReader(VirtualPartitionId partition, Offset from, int64_t bytes_max,
                int64_t client_offset_base = 0)
      : partition_(partition),
        from_(from.value()),
        cursor_(from.value()),
        bytes_max_(bytes_max),
        client_offset_base_(client_offset_base) {}

  VirtualPartitionId partition() const { return partition_; }
  Offset begin() const { return Offset(from_); }
  // Everything below was scanned: the next upstream read begins here.
  Offset cursor() const { return Offset(cursor_); }
  // True once a batch did not fit: nothing more is taken.
  bool is_full() const { return full_; }
  int64_t taken_bytes() const { return static_cast<int64_t>(pieces_.size()); }

  // True when finish() ends the answer with a filler.
  bool needs_filler() const { return cursor_ > (taken_end_ < 0 ? from_ : taken_end_); }
  // What was taken since the last call stays as it is, or is copied, so that it
  // does not hold the chunk it came from.
  void keep(bool copies) { pieces_.keep(copies); }

  // The record batches of the answer, with a filler at the end where foreign batches were passed
  // over. Ends the reader.
  std::vector<Slice> finish();

 private:
  friend class ChunkScan;

  // Moves the cursor behind the batch, unless the reader is full or beyond it.
  void pass(const wire::BatchView& batch);

  VirtualPartitionId partition_;
  int64_t from_;
  int64_t cursor_;
  int64_t taken_end_ = -1;  // behind the last batch taken, -1 for none
  int64_t bytes_max_;
  int64_t client_offset_base_;
  int32_t last_epoch_ = -1;
  int64_t last_timestamp_ms_ = -1;
  bool full_ = false;
  PieceList pieces_;
};

// What a scan found, for metrics and for the decision to read on.
struct ScanResult {
  int64_t scanned_bytes = 0;  // whole batches seen
  int64_t taken_bytes = 0;
  int64_t mark_errors = 0;    // batches that belong to nobody
  bool was_cut = false;       // the chunk ended inside a batch
  bool is_corrupt = false;    // the chunk holds something that is no batch
};

// Which readers a chunk may serve.
enum class Coverage : uint8_t {
  kFromHere,  // those that stand where the read began
  kAll        // those further on too
};

// One upstream chunk of a physical partition, given to all its readers that it covers: each batch
// is looked at once whatever their number.
class ChunkScan {
 public:
  ChunkScan(const PartitionRemapper& remapper, PartitionId partition)
      : remapper_(&remapper), partition_(partition) {}

  // `chunk` is what a read at `read_from` gave. Covered readers advance over what it holds; those
  // whose cursor lies below `read_from` never are. O(batches + readers).
  ScanResult scan(const Slice& chunk, Offset read_from, Coverage coverage,
                  std::span<VirtualReader> readers, AnswerBudget& budget) const;

 private:
  struct Seen;
  static bool take(VirtualReader& reader, const Slice& chunk, const Seen& seen,
                   AnswerBudget& budget);

  const PartitionRemapper* remapper_;
  PartitionId partition_;
};

}  // namespace odradek::proxy
