#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/slice.h"
#include "log/disk/file_system.h"
#include "wire/record_batch.h"

namespace odradek::log {

// What the header of a stored batch says, and where it is in its file.
struct StoredHeader {
  uint32_t position = 0;
  uint32_t size = 0;
  int64_t base_offset = 0;
  int64_t next_offset = 0;
  int64_t max_timestamp_ms = -1;

  uint32_t end() const { return position + size; }
};

// Walks the headers of the batches in a file without reading their records. A view of the file;
// short-lived.
class HeaderScan {
 public:
  // Batches in [position, end); `end` is where whole batches end.
  HeaderScan(const File& file, uint32_t position, uint32_t end)
      : file_(file), position_(position), end_(end) {}

  // The next batch's header; nothing at the end. kMalformed when there is none where one should
  // be, kIo.
  Result<std::optional<StoredHeader>> next();

 private:
  static constexpr size_t kWindowBytes = 4096;

  Result<const uint8_t*> header_at(uint32_t position);

  const File& file_;
  uint32_t position_;
  uint32_t end_;
  uint32_t window_begin_ = 0;
  size_t window_bytes_ = 0;
  std::array<uint8_t, kWindowBytes> window_;
};

// What a header has to be to begin a batch within `room` bytes: magic, size, counts. The reason
// when it is not.
std::optional<std::string_view> header_fault(const uint8_t* header, size_t room);

// Walks whole batches and checks their CRCs: for recovery. Reads a megabyte at a time whatever
// the batches' sizes are.
class VerifyingScan {
 public:
  VerifyingScan(const File& file, uint32_t position, uint32_t end)
      : file_(file), position_(position), end_(end) {}

  // The next batch that is whole and has its CRC; nothing where the first comes that is not, or
  // at the end: position() tells where, fault() why (empty: the end). kIo.
  Result<std::optional<StoredHeader>> next();
  uint32_t position() const { return position_; }
  std::string_view fault() const { return fault_; }

 private:
  Result<Bytes> window_at(uint32_t position, size_t bytes);
  Result<bool> crc_is_right(uint32_t position, uint32_t size);

  const File& file_;
  uint32_t position_;
  uint32_t end_;
  std::string_view fault_;
  Buffer window_;
  uint32_t window_begin_ = 0;
};

}  // namespace odradek::log
