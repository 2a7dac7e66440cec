#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "store/file_descriptor.h"

namespace odradek::store {

// Content written to a new file from its beginning to its end. What is beyond the first MiB goes
// to the disk without the page cache where the file system can do that (O_DIRECT): copying into
// cold pages of the cache is half of what a write of large objects costs, and nobody reads them
// soon. Not thread-safe; different files may be written by different threads.
class LargeFile {
 public:
  // path is for error texts.
  LargeFile(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  LargeFile(const LargeFile&) = delete;
  LargeFile& operator=(const LargeFile&) = delete;
  ~LargeFile();

  // Errors: kIo.
  Result<void> write(Bytes bytes);
  // Everything written is durable. Nothing may be written afterwards. Errors: kIo.
  Result<void> sync();

 private:
  struct Free {
    void operator()(uint8_t* memory) const { std::free(memory); }
  };

  Result<void> write_through_cache(Bytes bytes);
  Result<void> begin_staging(Bytes& bytes);
  Result<void> write_stage();
  bool set_direct(bool is_on);

  Descriptor file_;
  std::string path_;
  uint64_t cached_bytes_ = 0;
  bool was_staging_tried_ = false;
  bool is_direct_ = false;
  // Collects what is written in one go, at a place and of a size that O_DIRECT allows.
  std::unique_ptr<uint8_t, Free> stage_;
  size_t staged_bytes_ = 0;
};

}  // namespace odradek::store
