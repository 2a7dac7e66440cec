#include <lz4frame.h>

#include <algorithm>
#include <string_view>

#include "wire/codec_internal.h"

namespace odradek::wire::codec {

const bool kHasLz4 = true;
namespace {

// Kafka's Lz4BlockInputStream refuses linked blocks, so blocks are independent (KIP-57).
LZ4F_preferences_t preferences(int level) {
  LZ4F_preferences_t wanted = LZ4F_INIT_PREFERENCES;
  wanted.frameInfo.blockSizeID = LZ4F_max64KB;
  wanted.frameInfo.blockMode = LZ4F_blockIndependent;
  wanted.autoFlush = 1;  // all input is at hand: no copy into the context
  wanted.compressionLevel = std::max(level, 0);
  return wanted;
}

}  // namespace

struct Lz4Compressor::State {
  LZ4F_cctx* context = nullptr;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { LZ4F_freeCompressionContext(context); }
};

Lz4Compressor::Lz4Compressor() : state_(std::make_unique<State>()) {}
Lz4Compressor::~Lz4Compressor() = default;

Result<void> Lz4Compressor::compress(Bytes input, int level, Buffer& out) {
  LZ4F_cctx*& context = state_->context;
  if (context == nullptr && LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION))) {
    context = nullptr;
    return Error(Errc::kInternal, "lz4 could not start");
  }
  const LZ4F_preferences_t wanted = preferences(level);
  const size_t before = out.size();
  const size_t bound = LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(input.size(), &wanted);
  out.reserve(before + bound);
  uint8_t* at = out.data() + before;
  uint8_t* const end = at + bound;
  const auto left = [&] { return static_cast<size_t>(end - at); };

  size_t written = LZ4F_compressBegin(context, at, left(), &wanted);
  if (!LZ4F_isError(written)) {
    at += written;
    const LZ4F_compressOptions_t options{.stableSrc = 1, .reserved = {}};
    written = LZ4F_compressUpdate(context, at, left(), input.data(), input.size(), &options);
  }
  if (!LZ4F_isError(written)) {
    at += written;
    written = LZ4F_compressEnd(context, at, left(), nullptr);
  }
  if (LZ4F_isError(written)) {
    // After an error the context is undefined until the next compressBegin.
    return Error(Errc::kInternal, "lz4 could not compress");
  }
  at += written;
  out.resize(static_cast<size_t>(at - out.data()));
  return {};
}

struct Lz4Decompressor::State {
  LZ4F_dctx* context = nullptr;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { LZ4F_freeDecompressionContext(context); }
};

Lz4Decompressor::Lz4Decompressor() : state_(std::make_unique<State>()) {}
Lz4Decompressor::~Lz4Decompressor() = default;

Result<void> Lz4Decompressor::decompress(Bytes input, BoundedOutput& out) {
  if (input.empty()) return corrupt("lz4", "empty");
  LZ4F_dctx*& context = state_->context;
  if (context == nullptr && LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) {
    context = nullptr;
    return Error(Errc::kInternal, "lz4 could not start");
  }
  LZ4F_resetDecompressionContext(context);
  // Blocks that fit the room are decoded straight into it, others through the context.
  constexpr size_t kBlockBytes = size_t{64} << 10U;
  size_t expected = 1;  // 0 at the end of a frame
  while (!input.empty() || expected != 0) {
    const MutableBytes room = out.room(std::max(kBlockBytes, 2 * input.size()));
    size_t written = room.size();
    size_t consumed = input.size();
    expected = LZ4F_decompress(context, room.data(), &written, input.data(), &consumed, nullptr);
    if (LZ4F_isError(expected)) return corrupt("lz4", LZ4F_getErrorName(expected));
    out.commit(written);
    if (out.over_limit()) return out.limit_error("lz4");
    input = input.subspan(consumed);
    if (expected != 0 && consumed == 0 && written == 0) return corrupt("lz4", "ends early");
  }
  return {};
}

}  // namespace odradek::wire::codec
