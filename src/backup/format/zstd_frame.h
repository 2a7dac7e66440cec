#pragma once

#include <memory>

#include "base/result.h"
#include "base/slice.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;
struct XXH64_state_s;

namespace odradek::backup {

// A frame of raw (stored) blocks, made in place as content comes: memcpy speed, readable by every
// zstd. Keeps its memory for the next frame. One thread.
class RawFrameBuilder {
 public:
  RawFrameBuilder();
  ~RawFrameBuilder();
  RawFrameBuilder(const RawFrameBuilder&) = delete;
  RawFrameBuilder& operator=(const RawFrameBuilder&) = delete;

  void append(Bytes content);
  size_t raw_bytes() const { return raw_bytes_; }
  // A view until the next call.
  Bytes finish();

 private:
  void begin();
  void end_block(bool is_last);
  size_t block_bytes() const;

  Buffer frame_;
  size_t block_at_ = 0;  // where the header of the block under construction lies
  size_t raw_bytes_ = 0;
  bool is_finished_ = true;  // frame_ holds one that was handed out, or nothing
  XXH64_state_s* checksum_;
};

// Collects content and makes standard zstd frames of it, with content size and checksum. Keeps its
// memory for the next frame. One thread.
class ZstdFrameWriter {
 public:
  // Levels as zstd's; 0 writes raw blocks, as do contents that do not shrink.
  explicit ZstdFrameWriter(int level);
  ~ZstdFrameWriter();
  ZstdFrameWriter(const ZstdFrameWriter&) = delete;
  ZstdFrameWriter& operator=(const ZstdFrameWriter&) = delete;

  void append(Bytes content);
  // Appended since the last frame.
  size_t raw_bytes() const { return context_ == nullptr ? raw_.raw_bytes() : content_.size(); }
  bool empty() const { return raw_bytes() == 0; }
  // The frame of what was appended; a view until the next call.
  Result<Bytes> finish();

 private:
  ZSTD_CCtx_s* context_ = nullptr;  // none: raw blocks
  RawFrameBuilder raw_;
  Buffer content_;
  Buffer frame_;
};

// Reads one frame that must decompress to exactly `raw_bytes`. Allocates at most 16 MiB before
// bytes appear, and never more than asked. One thread. Errors: kMalformed, kChecksum.
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

// One frame of the whole content.
Result<Slice> pack_zstd(Bytes content, int level);
// The content of a frame that says its own size, at most `bytes_max`. Errors: kMalformed,
// kChecksum, kLimitExceeded.
Result<Slice> unpack_zstd(Bytes frame, uint64_t bytes_max);

}  // namespace odradek::backup
