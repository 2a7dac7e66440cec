#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/slice.h"
#include "proto/messages/fetch_response.h"

namespace odradek::proxy {

// The latest record batches of a physical partition, as upstream reads gave them one after the
// other: whoever stands inside, or at the end, needs no read of its own. Sans I/O.
class TailRing {
 public:
  // A transaction that was aborted, of a read with isolation read_committed.
  struct Aborted {
    int64_t producer_id = -1;
    int64_t first_offset = -1;
    std::optional<int64_t> marker;  // where it ends, when that is in the chunk
  };
  struct Chunk {
    int64_t begin = 0;
    int64_t end = 0;  // behind its last whole batch
    Slice records;
    std::vector<Aborted> aborted;
  };

  // Empty, and standing at `offset`.
  explicit TailRing(int64_t offset) : end_(offset) {}

  int64_t begin() const { return chunks_.empty() ? end_ : chunks_.front().begin; }
  int64_t end() const { return end_; }
  // Nothing is missing from there on.
  bool covers(int64_t offset) const { return offset >= begin() && offset <= end(); }
  // The chunk with the batch at `offset`; begin() <= offset < end().
  const Chunk& at(int64_t offset) const;
  // Those of a chunk's aborted transactions that a reader at `offset` has to know: one that ended
  // before must not be told, or the reader would wait for a marker that is behind it.
  static std::vector<proto::FetchResponse::AbortedTransaction> aborted_from(const Chunk& chunk,
                                                                            int64_t offset);

  // What a read at end() gave. Batches cut at the end are left out. False, and nothing is taken,
  // when there is no whole batch, or what is there is no batch.
  bool append(const Slice& records,
              std::span<const proto::FetchResponse::AbortedTransaction> aborted);
  // The epoch of the last batch, -1 when none was seen.
  int32_t last_epoch() const { return last_epoch_; }

  // Drops the oldest chunk; gives its cost, 0 when there is none.
  size_t drop_oldest();
  size_t bytes() const { return bytes_; }
  size_t chunk_count() const { return chunks_.size(); }
  // Memory: the records, and what each chunk takes besides.
  size_t cost() const { return bytes_ + chunks_.size() * kChunkCost; }

 private:
  static constexpr size_t kChunkCost = 256;

  std::deque<Chunk> chunks_;
  int64_t end_;
  int32_t last_epoch_ = -1;
  size_t bytes_ = 0;
};

}  // namespace odradek::proxy
