#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "log/disk/file_cache.h"

namespace odradek::log {

// Ascending entries of a fixed size in a file, Kafka's .index and .timeindex. New entries wait in
// memory until there are some to write; searching reads the file, so that indexes of old segments
// take no memory. One loop.
class IndexFile {
 public:
  static constexpr size_t kEntryBytesMax = 12;
  using Entry = std::array<uint8_t, kEntryBytesMax>;

  IndexFile(FileCache& cache, std::string path, size_t entry_bytes)
      : file_(cache, std::move(path)), entry_bytes_(entry_bytes) {}

  // Counts the entries of the file. kNotFound; kMalformed when the size is no multiple.
  Result<void> load();
  // Forgets all entries; the file becomes empty (and is made) with the next flush().
  void reset();

  // Takes an entry; it is written with others, later. An error of that is kept for flush().
  void append(Bytes entry);
  // Writes what waits. Errors: kLimitExceeded, kIo; what waits goes on waiting.
  Result<void> flush();

  size_t count() const { return written_ + waiting_.size() / entry_bytes_; }
  size_t size_bytes() const { return count() * entry_bytes_; }
  Result<Entry> at(size_t index) const;
  // The last entry for which `before` holds (it holds for none behind the first that it does not).
  Result<std::optional<Entry>> last_where(const std::function<bool(const Entry&)>& before) const;

  CachedFile& file() { return file_; }

 private:
  static constexpr size_t kWaitingMax = 64;  // entries

  mutable CachedFile file_;
  size_t entry_bytes_;
  size_t written_ = 0;
  bool must_reset_ = false;
  std::vector<uint8_t> waiting_;
};

}  // namespace odradek::log
