#pragma once

#include <memory>

#include "base/result.h"
#include "base/slice.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace odradek::backup {

// Makes standard zstd frames with content size and checksum. Reuses its context. One thread.
class ZstdFrameWriter {
 public:
  // Levels as zstd's; 0 writes raw blocks, as do contents that do not shrink.
  explicit ZstdFrameWriter(int level);
  ~ZstdFrameWriter();
  ZstdFrameWriter(const ZstdFrameWriter&) = delete;
  ZstdFrameWriter& operator=(const ZstdFrameWriter&) = delete;

  Result<Slice> compress(Bytes content);

 private:
  int level_;
  ZSTD_CCtx_s* context_;
};

// Reads one frame that must decompress to exactly `raw_bytes`. Allocates as bytes appear, never
// more than asked. One thread. Errors: kMalformed, kChecksum.
class ZstdFrameReader {
 public:
  ZstdFrameReader();
  ~ZstdFrameReader();
  ZstdFrameReader(const ZstdFrameReader&) = delete;
  ZstdFrameReader& operator=(const ZstdFrameReader&) = delete;

  Result<Slice> decompress(Bytes frame, uint64_t raw_bytes);

 private:
  ZSTD_DCtx_s* context_;
};

// The content of a frame that says its own size, at most `bytes_max`. Errors: kMalformed,
// kChecksum, kLimitExceeded.
Result<Slice> unpack_zstd(Bytes frame, uint64_t bytes_max);

// A frame of raw (stored) blocks: memcpy speed, readable by every zstd.
Slice raw_zstd_frame(Bytes content);

}  // namespace odradek::backup
