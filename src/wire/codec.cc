#include "wire/codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "wire/codec_internal.h"

namespace odradek::wire {
namespace {

constexpr std::array<std::string_view, 5> kNames{"none", "gzip", "snappy", "lz4", "zstd"};

// The codec's object, made when first asked for.
template <class T>
T& ready(std::unique_ptr<T>& codec) {
  if (codec == nullptr) codec = std::make_unique<T>();
  return *codec;
}

}  // namespace

std::string_view codec_name(Codec codec) {
  const auto number = static_cast<size_t>(codec);
  return number < kNames.size() ? kNames[number] : "unknown";
}

std::optional<Codec> codec_from_name(std::string_view name) {
  const auto* at = std::ranges::find(kNames, name);
  if (at == kNames.end()) return std::nullopt;
  return static_cast<Codec>(at - kNames.begin());
}

LevelRange codec_levels(Codec codec) {
  switch (codec) {
    case Codec::kGzip: return {1, 9};
    case Codec::kLz4: return {1, 17};
    case Codec::kZstd: return {-131072, 22};
    case Codec::kNone:
    case Codec::kSnappy: break;
  }
  return {0, 0};
}

struct Compressor::Contexts {
  Buffer out;
  std::unique_ptr<codec::GzipCompressor> gzip;
  std::unique_ptr<codec::Lz4Compressor> lz4;
  std::unique_ptr<codec::ZstdCompressor> zstd;
};

Compressor::Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;
Compressor::~Compressor() = default;

Result<Bytes> Compressor::compress(Codec codec, int level, Bytes input) {
  if (codec == Codec::kNone) return input;
  if (input.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return Error(Errc::kLimitExceeded, "records section over 2 GiB");
  }
  if (level != kDefaultLevel) {
    const LevelRange range = codec_levels(codec);
    level = std::clamp(level, range.min, range.max);
  }
  Contexts& contexts = ready(contexts_);
  Buffer& out = contexts.out;
  out.clear();
  Result<void> done = Errc::kUnsupported;
  switch (codec) {
    case Codec::kNone: break;
    case Codec::kGzip: done = ready(contexts.gzip).compress(input, level, out); break;
    case Codec::kSnappy: done = codec::snappy_compress_xerial(input, out); break;
    case Codec::kLz4: done = ready(contexts.lz4).compress(input, level, out); break;
    case Codec::kZstd: done = ready(contexts.zstd).compress(input, level, out); break;
  }
  if (!done) return done.error();
  return out.bytes();
}

struct Decompressor::Contexts {
  std::unique_ptr<codec::GzipDecompressor> gzip;
  std::unique_ptr<codec::Lz4Decompressor> lz4;
  std::unique_ptr<codec::ZstdDecompressor> zstd;
};

Decompressor::Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;
Decompressor::~Decompressor() = default;

Result<Bytes> Decompressor::decompress(Codec codec, Bytes input, Buffer& out, size_t limit_bytes) {
  if (codec == Codec::kNone) return input;
  Contexts& contexts = ready(contexts_);
  codec::BoundedOutput output(out, limit_bytes);
  Result<void> done =
      Error(Errc::kUnsupported, fmt::format("compression codec {}", static_cast<int>(codec)));
  switch (codec) {
    case Codec::kNone: break;
    case Codec::kGzip: done = ready(contexts.gzip).decompress(input, output); break;
    case Codec::kSnappy: done = codec::snappy_decompress_any(input, output); break;
    case Codec::kLz4: done = ready(contexts.lz4).decompress(input, output); break;
    case Codec::kZstd: done = ready(contexts.zstd).decompress(input, output); break;
  }
  if (!done) return done.error();
  return out.bytes();
}

namespace codec {

MutableBytes BoundedOutput::room(size_t wanted) {
  constexpr size_t kStepBytesMin = size_t{16} << 10U;
  const size_t used = out_->size();
  const size_t end = limit_bytes_ + (limit_bytes_ == std::numeric_limits<size_t>::max() ? 0 : 1);
  const size_t left = end - used;
  wanted = std::min(wanted, left);
  if (wanted > out_->capacity() - used) {
    // Doubling what really came out keeps the copying amortised and a liar's cost small.
    const size_t step = std::max({wanted, used, kStepBytesMin});
    out_->reserve(used + std::min(step, left));
  }
  return {out_->data() + used, std::min(left, out_->capacity() - used)};
}

Error BoundedOutput::limit_error(std::string_view codec) const {
  return {Errc::kLimitExceeded,
          fmt::format("{} data decompresses to over {} bytes", codec, limit_bytes_)};
}

Error corrupt(std::string_view codec, std::string_view detail) {
  return {Errc::kMalformed, fmt::format("{} data: {}", codec, detail)};
}

}  // namespace codec
}  // namespace odradek::wire
