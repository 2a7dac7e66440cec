#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "log/batch_store.h"
#include "log/disk/file_cache.h"
#include "log/disk/segment.h"

namespace odradek::log {

struct DiskOptions {
  std::string directory;  // of the partition; made when missing
  IndexConfig index = {};
  int64_t file_delete_delay_ms = 60'000;
};

// How a partition's directory was left.
struct DiskState {
  bool clean = false;          // stopped well: nothing is looked at twice
  int64_t recovery_point = 0;  // everything before was safe on the disk
  int64_t start_offset = 0;    // of the log; where an empty one begins
};

// What recovery did.
struct DiskRecovery {
  int64_t scanned_bytes = 0;
  int64_t cut_bytes = 0;  // of batches that were not whole
  std::string fault;      // why, and in which file; empty when nothing was cut
};

// A BatchStore in Kafka's own files: DIRECTORY/%020d.log with .index and .timeindex beside.
// Appends are one gathered write, reads one read into memory of their own. One loop.
// Source: UnifiedLog, LocalLog, LogLoader of Kafka 4.
class DiskStore final : public BatchStore {
 public:
  // Opens what is there. Without `clean` all segments that reach behind the recovery point are
  // checked, and the log ends before the first byte that is wrong.
  // Errors: kMalformed when bytes before the recovery point are wrong (nothing is changed then),
  // kIo, kLimitExceeded.
  static Result<std::unique_ptr<DiskStore>> open(FileCache& cache, DiskOptions options,
                                                 const DiskState& state, int64_t now_ms,
                                                 DiskRecovery& recovery);

  Result<void> append(const wire::HeaderBytes& header, Bytes stored_records,
                      int64_t now_ms) override;
  Result<size_t> read(const ReadRange& range, std::vector<Slice>& out) const override;
  Result<std::optional<TimedOffset>> find_by_time(int64_t timestamp_ms, int64_t from_offset,
                                                  Unpacker& unpacker) const override;
  Result<std::optional<TimedOffset>> find_max_timestamp(int64_t from_offset,
                                                        Unpacker& unpacker) const override;
  int64_t drop_before(int64_t offset) override;
  std::vector<BatchStore::Segment> segments() const override;
  std::optional<BatchStore::Segment> oldest_segment() const override;
  std::optional<BatchStore::Segment> newest_segment() const override;
  Result<void> roll(int64_t now_ms) override;
  bool is_full_for(int64_t last_offset) const override;
  Result<std::unique_ptr<SegmentWriter>> replace(int64_t first_base, int64_t last_base) override;
  int64_t flushed_offset() const override { return flushed_offset_; }
  Result<Flush> begin_flush() override;
  void flushed(int64_t end_offset) override;
  bool has_unsafe_segments() const override {
    return flushed_offset_ < segments_.back()->base_offset();
  }
  void configure(const LogConfig& config) override;
  void tidy(int64_t now_ms) override;
  int64_t first_offset() const override { return segments_.front()->base_offset(); }
  int64_t end_offset() const override { return segments_.back()->next_offset(); }
  size_t size_bytes() const override { return size_bytes_; }

  const std::string& directory() const { return options_.directory; }

 private:
  class Writer;
  using SegmentPointer = std::unique_ptr<log::Segment>;

  DiskStore(FileCache& cache, DiskOptions options) : cache_(cache), options_(std::move(options)) {}

  Result<std::vector<int64_t>> find_segments();
  Result<void> finish_swaps(std::vector<std::string>& names);
  Result<void> load_segments(const std::vector<int64_t>& bases, const DiskState& state,
                             DiskRecovery& recovery);
  Result<bool> recover(log::Segment& segment, const DiskState& state, DiskRecovery& recovery);
  // False, and logged, when they cannot be written.
  static bool write_indexes(log::Segment& segment);
  Result<void> add_segment(int64_t base_offset, int64_t now_ms);
  size_t segment_at(int64_t offset) const;
  Result<uint32_t> position_in(const log::Segment& segment, int64_t offset) const;
  void remember(const log::Segment& segment, int64_t offset, uint32_t position) const;
  bool retire(SegmentPointer& segment);
  Result<void> put_in_place(int64_t first_base, int64_t last_base, SegmentPointer segment);

  // Where reads ended: the next read of the same consumer begins there.
  struct ReadEnd {
    const log::Segment* segment = nullptr;
    int64_t offset = -1;
    uint32_t position = 0;
  };
  struct Doomed {
    SegmentPointer segment;
    int64_t due_ms = -1;  // unknown until the first tidy()
  };
  static constexpr size_t kReadEnds = 8;

  FileCache& cache_;
  DiskOptions options_;
  std::deque<SegmentPointer> segments_;  // never empty; the last one is appended to
  std::deque<Doomed> doomed_;
  size_t size_bytes_ = 0;
  int64_t flushed_offset_ = 0;
  // Counts changes of names in the directory: all, at the last begin_flush(), and safe ones.
  uint64_t name_changes_ = 1;
  uint64_t name_changes_begun_ = 0;
  uint64_t name_changes_safe_ = 0;
  mutable std::array<ReadEnd, kReadEnds> read_ends_;
  mutable size_t next_read_end_ = 0;
};

}  // namespace odradek::log
