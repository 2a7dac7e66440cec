#include <zstd.h>

#include <algorithm>

#include "wire/codec.h"
#include "wire/codec_internal.h"
#include "wire/endian.h"

namespace odradek::wire::codec {

const bool kHasZstd = true;

struct ZstdCompressor::State {
  ZSTD_CCtx* context = nullptr;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ZSTD_freeCCtx(context); }
};

ZstdCompressor::ZstdCompressor() : state_(std::make_unique<State>()) {}
ZstdCompressor::~ZstdCompressor() = default;

Result<void> ZstdCompressor::compress(Bytes input, int level, Buffer& out) {
  ZSTD_CCtx*& context = state_->context;
  if (context == nullptr) context = ZSTD_createCCtx();
  if (context == nullptr) return Error(Errc::kInternal, "zstd could not start");
  ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel,
                         level == kDefaultLevel ? ZSTD_CLEVEL_DEFAULT : level);
  const size_t before = out.size();
  const size_t bound = ZSTD_compressBound(input.size());
  out.reserve(before + bound);
  const size_t written =
      ZSTD_compress2(context, out.data() + before, bound, input.data(), input.size());
  if (ZSTD_isError(written)) return Error(Errc::kInternal, "zstd could not compress");
  out.resize(before + written);
  return {};
}

namespace {

// Contexts that a frame with a large window blew up are given back at once.
constexpr size_t kContextBytesKept = size_t{16} << 20U;

// The most bytes that `input` can decompress to when it is exactly one frame, from its block
// headers, which are inside the data and so bounded by it; 0 when it is not that simple.
// Source: RFC 8878 sections 3.1.1 (frame) and 3.1.1.2 (block).
size_t one_frame_bound(Bytes input) {
  constexpr size_t kBlockBytesMax = size_t{128} << 10U;
  constexpr size_t kBlockHeaderBytes = 3;
  constexpr size_t kMagicBytes = 4;
  if (input.size() <= kMagicBytes || load_le<uint32_t>(input.data()) != ZSTD_MAGICNUMBER ||
      ZSTD_findFrameCompressedSize(input.data(), input.size()) != input.size()) {
    return 0;
  }
  const unsigned descriptor = input[kMagicBytes];
  const bool single_segment = (descriptor & 0x20U) != 0;
  const size_t dictionary_bytes = (size_t{1} << (descriptor & 3U)) >> 1U;
  const unsigned content_flag = descriptor >> 6U;
  const size_t content_bytes =
      content_flag == 0 ? (single_segment ? 1 : 0) : size_t{1} << content_flag;
  size_t at = kMagicBytes + 1 + (single_segment ? 0 : 1) + dictionary_bytes + content_bytes;
  size_t bound = 0;
  bool last = false;
  while (!last && at + kBlockHeaderBytes <= input.size()) {
    const unsigned header =
        input[at] | (unsigned{input[at + 1]} << 8U) | (unsigned{input[at + 2]} << 16U);
    constexpr unsigned kRaw = 0;
    constexpr unsigned kRepeated = 1;
    const unsigned type = (header >> 1U) & 3U;
    const size_t size = header >> 3U;
    last = (header & 1U) != 0;
    bound += type == kRaw || type == kRepeated ? size : kBlockBytesMax;
    at += kBlockHeaderBytes + (type == kRepeated ? 1 : size);
  }
  return bound;
}

}  // namespace

struct ZstdDecompressor::State {
  ZSTD_DCtx* context = nullptr;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ZSTD_freeDCtx(context); }

  Result<void> one_frame(Bytes input, size_t bound, BoundedOutput& out);
  Result<void> stream(Bytes input, BoundedOutput& out);
};

ZstdDecompressor::ZstdDecompressor() : state_(std::make_unique<State>()) {}
ZstdDecompressor::~ZstdDecompressor() = default;

Result<void> ZstdDecompressor::State::one_frame(Bytes input, size_t bound, BoundedOutput& out) {
  const MutableBytes room = out.room(bound);
  const size_t written =
      ZSTD_decompressDCtx(context, room.data(), room.size(), input.data(), input.size());
  if (ZSTD_isError(written)) return corrupt("zstd", ZSTD_getErrorName(written));
  out.commit(written);
  if (out.over_limit()) return out.limit_error("zstd");
  return {};
}

Result<void> ZstdDecompressor::State::stream(Bytes input, BoundedOutput& out) {
  ZSTD_inBuffer from{input.data(), input.size(), 0};
  size_t expected = 1;  // 0 at the end of a frame
  while (from.pos < from.size || expected != 0) {
    const MutableBytes room = out.room(ZSTD_DStreamOutSize());
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const size_t consumed_before = from.pos;
    expected = ZSTD_decompressStream(context, &to, &from);
    if (ZSTD_isError(expected)) return corrupt("zstd", ZSTD_getErrorName(expected));
    out.commit(to.pos);
    if (out.over_limit()) return out.limit_error("zstd");
    if (expected != 0 && to.pos < to.size && from.pos == consumed_before) {
      return corrupt("zstd", "ends early");
    }
  }
  return {};
}

Result<void> ZstdDecompressor::decompress(Bytes input, BoundedOutput& out) {
  if (input.empty()) return corrupt("zstd", "empty");
  ZSTD_DCtx*& context = state_->context;
  if (context == nullptr) context = ZSTD_createDCtx();
  if (context == nullptr) return Error(Errc::kInternal, "zstd could not start");
  ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  // One pass straight into the output where the frame's blocks cannot make it large: streaming
  // would go through a window buffer and copy. The rest grows with what really comes out.
  constexpr size_t kOnePassBytesMax = size_t{2} << 20U;
  const size_t bound = one_frame_bound(input);
  const bool one_pass = bound != 0 && bound <= out.left_bytes() &&
                        bound <= std::max(kOnePassBytesMax, 16 * input.size());
  Result<void> done = one_pass ? state_->one_frame(input, bound, out) : state_->stream(input, out);
  if (ZSTD_sizeof_DCtx(context) > kContextBytesKept) {
    ZSTD_freeDCtx(context);
    context = nullptr;
  }
  return done;
}

}  // namespace odradek::wire::codec
