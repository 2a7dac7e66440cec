#include "backup/format/zstd_frame.h"

#include <fmt/format.h>
#include <xxhash.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstring>

#include "backup/format/little_endian.h"

namespace odradek::backup {
namespace {

constexpr uint32_t kZstdMagic = 0xFD2FB528;
constexpr size_t kContentSizeAt = 5;
constexpr size_t kBlockHeaderBytes = 3;
constexpr size_t kBlockBytesMax = 128 * 1024;

Error zstd_error(size_t code) {
  const Errc kind =
      ZSTD_getErrorCode(code) == ZSTD_error_checksum_wrong ? Errc::kChecksum : Errc::kMalformed;
  return {kind, fmt::format("zstd frame: {}", ZSTD_getErrorName(code))};
}

}  // namespace

RawFrameBuilder::RawFrameBuilder() : checksum_(XXH64_createState()) {
  ODK_ASSERT(checksum_ != nullptr);
}

RawFrameBuilder::~RawFrameBuilder() { XXH64_freeState(checksum_); }

void RawFrameBuilder::begin() {
  is_finished_ = false;
  raw_bytes_ = 0;
  XXH64_reset(checksum_, 0);
  frame_.clear();
  put_little_endian(frame_, kZstdMagic);
  // Frame header descriptor: 8-byte content size, single segment, checksum (RFC 8878, 3.1.1.1).
  put_little_endian(frame_, uint8_t{0b1110'0100});
  put_little_endian(frame_, uint64_t{0});  // known at the end
  block_at_ = frame_.size();
  frame_.extend(kBlockHeaderBytes);
}

size_t RawFrameBuilder::block_bytes() const {
  return frame_.size() - block_at_ - kBlockHeaderBytes;
}

void RawFrameBuilder::end_block(bool is_last) {
  const uint32_t header = static_cast<uint32_t>(block_bytes() << 3U) | (is_last ? 1U : 0U);
  for (size_t i = 0; i < kBlockHeaderBytes; ++i) {
    frame_.data()[block_at_ + i] = static_cast<uint8_t>(header >> (8 * i));
  }
}

void RawFrameBuilder::append(Bytes content) {
  if (is_finished_) begin();
  raw_bytes_ += content.size();
  XXH64_update(checksum_, content.data(), content.size());
  while (!content.empty()) {
    if (block_bytes() == kBlockBytesMax) {
      end_block(/*is_last=*/false);
      block_at_ = frame_.size();
      frame_.extend(kBlockHeaderBytes);
    }
    const Bytes piece = content.first(std::min(content.size(), kBlockBytesMax - block_bytes()));
    frame_.append(piece);
    content = content.subspan(piece.size());
  }
}

Bytes RawFrameBuilder::finish() {
  if (is_finished_) begin();
  end_block(/*is_last=*/true);
  const auto size = static_cast<uint64_t>(raw_bytes_);
  std::memcpy(frame_.data() + kContentSizeAt, &size, sizeof size);
  put_little_endian(frame_, static_cast<uint32_t>(XXH64_digest(checksum_)));
  is_finished_ = true;
  raw_bytes_ = 0;
  return frame_.bytes();
}

ZstdFrameWriter::ZstdFrameWriter(int level) {
  if (level == 0) return;
  context_ = ZSTD_createCCtx();
  ODK_ASSERT(context_ != nullptr);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
}

ZstdFrameWriter::~ZstdFrameWriter() { ZSTD_freeCCtx(context_); }

void ZstdFrameWriter::append(Bytes content) {
  if (context_ == nullptr) return raw_.append(content);
  content_.append(content);
}

Result<Bytes> ZstdFrameWriter::finish() {
  if (context_ == nullptr) return raw_.finish();
  // The bound is far above the result; what is not used of it is never touched.
  frame_.resize(ZSTD_compressBound(content_.size()));
  const size_t size =
      ZSTD_compress2(context_, frame_.data(), frame_.size(), content_.data(), content_.size());
  if (ZSTD_isError(size) != 0) return zstd_error(size);
  if (size < content_.size()) {
    content_.clear();
    return Bytes(frame_.data(), size);
  }
  raw_.append(content_.bytes());
  content_.clear();
  return raw_.finish();
}

ZstdFrameReader::ZstdFrameReader() : context_(ZSTD_createDCtx()) {
  ODK_ASSERT(context_ != nullptr);
}

ZstdFrameReader::~ZstdFrameReader() { ZSTD_freeDCtx(context_); }

Result<Slice> ZstdFrameReader::decompress(Bytes frame, uint64_t raw_bytes) {
  // Usual frames are decompressed in one go, without buffers in between. Memory that is not filled
  // is never touched.
  constexpr uint64_t kAtOnceBytesMax = 16 * 1024 * 1024;
  constexpr uint64_t kStepBytes = 1024 * 1024;
  const uint64_t step = raw_bytes <= kAtOnceBytesMax ? raw_bytes : kStepBytes;
  ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
  Buffer out;
  ZSTD_inBuffer input{frame.data(), frame.size(), 0};
  while (true) {
    const size_t done = out.size();
    out.resize(static_cast<size_t>(std::min<uint64_t>(done + step, raw_bytes)));
    ZSTD_outBuffer output{out.data(), out.size(), done};
    const size_t left = ZSTD_decompressStream(context_, &output, &input);
    if (ZSTD_isError(left) != 0) return zstd_error(left);
    const bool progressed = output.pos > done;
    out.resize(output.pos);
    if (left == 0) break;
    if (!progressed && (input.pos == input.size || output.pos == raw_bytes)) {
      return Error(Errc::kMalformed, input.pos == input.size
                                         ? "zstd frame: ends early"
                                         : "zstd frame: longer than the index says");
    }
  }
  if (out.size() != raw_bytes || input.pos != input.size) {
    return Error(Errc::kMalformed, fmt::format("zstd frame: {} bytes where the index says {}",
                                               out.size(), raw_bytes));
  }
  return out.freeze();
}

Result<Slice> unpack_zstd(Bytes frame, uint64_t bytes_max) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) {
    return Error(Errc::kMalformed, "zstd frame: no frame that says its size");
  }
  if (size > bytes_max) {
    return Error(Errc::kLimitExceeded,
                 fmt::format("zstd frame: {} bytes, at most {} are read", size, bytes_max));
  }
  return ZstdFrameReader().decompress(frame, size);
}

Result<Slice> pack_zstd(Bytes content, int level) {
  ZstdFrameWriter writer(level);
  writer.append(content);
  ODK_TRY(const Bytes frame, writer.finish());
  return Slice::copy_of(frame);
}

}  // namespace odradek::backup
