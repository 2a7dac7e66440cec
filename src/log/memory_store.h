#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "log/batch_store.h"
#include "log/chunk_pool.h"

namespace odradek::log {

// A BatchStore in memory: chunks that double from 64 KiB to 4 MiB, each batch contiguous in one.
// Every 4 KiB of a chunk an index entry says which offset begins there and how late the records
// before it are; between entries batches are found by their headers. An append copies the bytes
// once; reads share them.
class MemoryStore final : public BatchStore {
 public:
  explicit MemoryStore(std::shared_ptr<ChunkPool> pool, int64_t first_offset = 0)
      : pool_(std::move(pool)), end_offset_(first_offset) {}

  Result<void> append(const wire::HeaderBytes& header, Bytes stored_records,
                      int64_t now_ms) override;
  Result<size_t> read(const ReadRange& range, std::vector<Slice>& out) const override;
  Result<std::optional<TimedOffset>> find_by_time(int64_t timestamp_ms, int64_t from_offset,
                                                  Unpacker& unpacker) const override;
  Result<std::optional<TimedOffset>> find_max_timestamp(int64_t from_offset,
                                                        Unpacker& unpacker) const override;
  int64_t drop_before(int64_t offset) override;
  std::vector<Segment> segments() const override;
  std::optional<Segment> oldest_segment() const override;
  std::optional<Segment> newest_segment() const override;
  Result<void> roll(int64_t now_ms) override;
  Result<std::unique_ptr<SegmentWriter>> replace(int64_t first_base, int64_t last_base) override;
  int64_t first_offset() const override;
  int64_t end_offset() const override { return end_offset_; }
  size_t size_bytes() const override { return size_bytes_; }

 private:
  static constexpr size_t kIndexIntervalBytes = 4096;

  struct IndexEntry {
    int64_t offset;              // base offset of the batch at `position`
    int64_t max_timestamp_before;  // of all batches of the chunk before it
    size_t position;
  };
  struct Part {
    Slice memory;  // keeps the chunk; all of its capacity
    Chunk* chunk;
    int64_t base_offset;
    int64_t next_offset;
    int64_t max_timestamp;
    int64_t created_ms;
    int64_t appended_ms;
    std::vector<IndexEntry> index;
  };

  class Writer;

  Result<void> put(std::deque<Part>& parts, Bytes header, Bytes rest, int64_t now_ms);
  Result<void> add_part(std::deque<Part>& parts, size_t batch_bytes, int64_t base_offset,
                        int64_t now_ms);
  void put_in_place(int64_t first_base, int64_t last_base, std::deque<Part> parts);
  static Segment segment_of(const Part& part);
  std::deque<Part>::const_iterator part_of(int64_t offset) const;
  static size_t position_of(const Part& part, int64_t offset);
  static size_t end_within(const Part& part, size_t begin, size_t bytes_max);
  static wire::BatchView batch_at(const Part& part, size_t position);
  static Result<std::optional<TimedOffset>> search_part(const Part& part, int64_t timestamp_ms,
                                                        int64_t from_offset, Unpacker& unpacker);

  std::shared_ptr<ChunkPool> pool_;
  std::deque<Part> parts_;
  int64_t end_offset_;
  size_t size_bytes_ = 0;
  bool must_roll_ = false;
};

}  // namespace odradek::log
