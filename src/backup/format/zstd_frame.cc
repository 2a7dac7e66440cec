#include "backup/format/zstd_frame.h"

#include <fmt/format.h>
#include <xxhash.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>

#include "backup/format/little_endian.h"

namespace odradek::backup {
namespace {

constexpr uint32_t kZstdMagic = 0xFD2FB528;
constexpr size_t kBlockBytesMax = 128 * 1024;

Error zstd_error(size_t code) {
  const Errc kind =
      ZSTD_getErrorCode(code) == ZSTD_error_checksum_wrong ? Errc::kChecksum : Errc::kMalformed;
  return {kind, fmt::format("zstd frame: {}", ZSTD_getErrorName(code))};
}

}  // namespace

ZstdFrameWriter::ZstdFrameWriter(int level) : level_(level), context_(ZSTD_createCCtx()) {
  ODK_ASSERT(context_ != nullptr);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
}

ZstdFrameWriter::~ZstdFrameWriter() { ZSTD_freeCCtx(context_); }

Result<Slice> ZstdFrameWriter::compress(Bytes content) {
  if (level_ == 0) return raw_zstd_frame(content);
  Buffer out;
  out.resize(ZSTD_compressBound(content.size()));
  const size_t size =
      ZSTD_compress2(context_, out.data(), out.size(), content.data(), content.size());
  if (ZSTD_isError(size) != 0) return zstd_error(size);
  if (size >= content.size()) return raw_zstd_frame(content);
  // The bound is far above the result: keep only what is used.
  return Slice::copy_of({out.data(), size});
}

ZstdFrameReader::ZstdFrameReader() : context_(ZSTD_createDCtx()) {
  ODK_ASSERT(context_ != nullptr);
}

ZstdFrameReader::~ZstdFrameReader() { ZSTD_freeDCtx(context_); }

Result<Slice> ZstdFrameReader::decompress(Bytes frame, uint64_t raw_bytes) {
  constexpr size_t kStepBytes = 1024 * 1024;
  ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
  Buffer out;
  ZSTD_inBuffer input{frame.data(), frame.size(), 0};
  while (true) {
    const size_t done = out.size();
    out.resize(static_cast<size_t>(std::min<uint64_t>(done + kStepBytes, raw_bytes)));
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

Slice raw_zstd_frame(Bytes content) {
  Buffer out(content.size() + 32 + 3 * (content.size() / kBlockBytesMax + 1));
  put_little_endian(out, kZstdMagic);
  // Frame header descriptor: 8-byte content size, single segment, checksum (RFC 8878, 3.1.1.1).
  put_little_endian(out, uint8_t{0b1110'0100});
  put_little_endian(out, static_cast<uint64_t>(content.size()));
  Bytes rest = content;
  do {
    const Bytes block = rest.first(std::min(rest.size(), kBlockBytesMax));
    rest = rest.subspan(block.size());
    const uint32_t header = static_cast<uint32_t>(block.size() << 3U) | (rest.empty() ? 1U : 0U);
    put_little_endian(out, static_cast<uint8_t>(header));
    put_little_endian(out, static_cast<uint8_t>(header >> 8U));
    put_little_endian(out, static_cast<uint8_t>(header >> 16U));
    out.append(block);
  } while (!rest.empty());
  put_little_endian(out, static_cast<uint32_t>(XXH64(content.data(), content.size(), 0)));
  return out.freeze();
}

}  // namespace odradek::backup
