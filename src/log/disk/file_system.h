#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace odradek::log {

// An open file, read and written by position. read_at() and sync() may be called on any thread
// beside the others.
class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  // Fills `out` from `position` on; fewer bytes only at the end of the file. How many. kIo.
  virtual Result<size_t> read_at(uint64_t position, MutableBytes out) const = 0;
  // Writes all parts one behind the other. On an error some of it may be written.
  // Errors: kLimitExceeded (no space), kIo.
  virtual Result<void> write_at(uint64_t position, std::span<const Bytes> parts) = 0;
  virtual Result<void> truncate(uint64_t size) = 0;
  // Content and size are on the disk when it returns. An error is final: what was written since
  // the last sync may be lost, and the next sync would not tell.
  virtual Result<void> sync() = 0;
  virtual Result<uint64_t> size() const = 0;

  Result<void> write_at(uint64_t position, Bytes bytes) { return write_at(position, {&bytes, 1}); }
};

enum class OpenMode : uint8_t { kRead, kWrite, kCreate };  // kCreate: and write, if not there

// What the disk engine needs of a file system, so that tests can lose, tear and refuse writes.
// Errors: kNotFound, kLimitExceeded (no space, no more files may be open), kIo; they name the path.
class FileSystem {
 public:
  FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Names in a directory, in no order.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual Result<void> make_directory(const std::string& path) = 0;  // and its parents
  virtual Result<void> remove_directory(const std::string& path) = 0;  // with all that is in it
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;  // a file
  // Names that were made, renamed or removed in the directory are so on the disk.
  virtual Result<void> sync_directory(const std::string& path) = 0;

  // Holds the file, made if need be, until the result goes; kPrecondition when another process
  // does.
  virtual Result<std::unique_ptr<File>> lock(const std::string& path) = 0;

  // What is left for files, and the whole, in bytes.
  struct Space {
    uint64_t free_bytes = 0;
    uint64_t total_bytes = 0;
  };
  virtual Result<Space> space(const std::string& path) = 0;
};

// The operating system's.
std::unique_ptr<FileSystem> posix_file_system();

// The content of a whole file of at most `bytes_max` (kLimitExceeded).
Result<std::string> read_whole(FileSystem& files, const std::string& path, size_t bytes_max);

// Replaces a file so that after a crash there is the old content or the new one: a temporary file,
// synced, renamed, the directory synced. Without `sync` only readers of a live system see that.
Result<void> replace_file(FileSystem& files, const std::string& path, std::string_view content,
                          bool sync);

}  // namespace odradek::log
