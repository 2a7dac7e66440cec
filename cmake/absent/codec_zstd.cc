#include "wire/codec_internal.h"

namespace odradek::wire::codec {

const bool kHasZstd = false;
namespace {

Error no_codec() { return {Errc::kUnsupported, "this libodradek was built without zstd"}; }

}  // namespace

struct ZstdCompressor::State {};
struct ZstdDecompressor::State {};

ZstdCompressor::ZstdCompressor() = default;
ZstdCompressor::~ZstdCompressor() = default;
Result<void> ZstdCompressor::compress(Bytes /*input*/, int /*level*/, Buffer& /*out*/) {
  return no_codec();
}

ZstdDecompressor::ZstdDecompressor() = default;
ZstdDecompressor::~ZstdDecompressor() = default;
Result<void> ZstdDecompressor::decompress(Bytes /*input*/, BoundedOutput& /*out*/) {
  return no_codec();
}

}  // namespace odradek::wire::codec
