#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/slice.h"
#include "log/batch_store.h"
#include "log/disk/batch_scan.h"
#include "log/disk/file_cache.h"
#include "log/disk/index_file.h"

namespace odradek::log {

// How often and how much segments are indexed.
struct IndexConfig {
  uint32_t interval_bytes = 4096;
  uint32_t bytes_max = 10U << 20U;
};

// One segment on the disk: a .log of batches, and Kafka's sparse indexes of it by offset (.index:
// int32 relative offset, int32 position) and by time (.timeindex: int64 largest timestamp so far,
// int32 relative offset of its batch). One loop.
// Source: LogSegment, OffsetIndex, TimeIndex of Kafka 4.
class Segment {
 public:
  Segment(FileCache& cache, std::string directory, int64_t base_offset, std::string_view suffix);

  // Makes the empty files.
  Result<void> create(int64_t now_ms);
  // Looks at the files of a log that was stopped well. Indexes that are missing or senseless are
  // made anew. `next_base` is the following segment's base offset, none for the last one.
  Result<void> load(const IndexConfig& config, std::optional<int64_t> next_base);
  // Checks every batch, makes the indexes anew; what is wrong with it and where, if anything is:
  // from there on nothing counts, cut_invalid() takes it away.
  struct Fault {
    uint32_t position = 0;
    int64_t offset = 0;  // the first that is missing
    std::string reason;
  };
  Result<std::optional<Fault>> verify(const IndexConfig& config);
  Result<void> cut_invalid();

  Result<void> append(Bytes header, Bytes stored_records, const IndexConfig& config,
                      int64_t now_ms);
  bool is_full_for(int64_t last_offset, const IndexConfig& config) const;
  // Completes the indexes when nothing more will be appended.
  void seal();
  // Whether the indexes of a sealed segment were synced.
  bool indexes_safe() const { return indexes_safe_; }
  void set_indexes_safe(bool safe) { indexes_safe_ = safe; }
  // Writes what waits in memory (indexes).
  Result<void> write_indexes();

  // Where the batch begins that contains `offset` or follows it; size_bytes() when none does.
  Result<uint32_t> position_of(int64_t offset) const;
  // At most `bytes_max` bytes of whole batches from `position`, or the first batch alone, whole,
  // if `first_whole`. Ends before `limit`. Sets the offset behind them.
  struct Chunk {
    Slice batches;
    int64_t next_offset = 0;
  };
  Result<Chunk> read(uint32_t position, uint32_t limit, size_t bytes_max, bool first_whole) const;
  Result<std::optional<TimedOffset>> find_by_time(int64_t timestamp_ms, int64_t from_offset,
                                                  Unpacker& unpacker) const;
  // The largest timestamp of batches that reach behind `from_offset`.
  Result<int64_t> max_timestamp_from(int64_t from_offset) const;

  BatchStore::Segment summary() const;
  int64_t base_offset() const { return base_offset_; }
  int64_t next_offset() const { return next_offset_; }
  int64_t max_timestamp_ms() const { return max_timestamp_ms_; }
  uint32_t size_bytes() const { return size_; }
  const std::string& directory() const { return directory_; }
  void set_next_offset(int64_t offset) { next_offset_ = offset; }
  void set_appended_ms(int64_t appended_ms) { appended_ms_ = appended_ms; }

  // Gives the files another suffix behind their own (".deleted", none).
  Result<void> rename_files(std::string_view suffix);
  Result<void> remove_files();
  CachedFile& log_file() { return log_; }
  // For other threads to sync: the log and the indexes.
  Result<std::vector<std::shared_ptr<File>>> share_files();

 private:
  Result<void> check_indexes(uint64_t log_bytes);
  Result<void> load_tail(const IndexConfig& config);
  void begin_indexes();
  void take(const StoredHeader& batch, const IndexConfig& config);
  void add_time_entry();
  Result<uint32_t> index_position(int64_t offset) const;

  std::string directory_;
  std::string suffix_;
  int64_t base_offset_;
  int64_t next_offset_;
  int64_t max_timestamp_ms_ = -1;
  int64_t max_timestamp_offset_ = 0;  // last offset of the batch that has it
  int64_t last_time_entry_ms_ = -1;
  int64_t first_timestamp_ms_ = -1;
  int64_t created_ms_ = 0;
  int64_t appended_ms_ = 0;
  uint32_t size_ = 0;
  uint32_t bytes_since_entry_ = 0;
  bool indexes_safe_ = false;
  bool torn_ = false;  // the file may be longer than size_
  mutable CachedFile log_;
  IndexFile index_;
  IndexFile time_index_;
};

}  // namespace odradek::log
