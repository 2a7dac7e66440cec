#include "wire/codec_internal.h"

namespace odradek::wire::codec {

const bool kHasLz4 = false;
namespace {

Error no_codec() { return {Errc::kUnsupported, "this libodradek was built without lz4"}; }

}  // namespace

struct Lz4Compressor::State {};
struct Lz4Decompressor::State {};

Lz4Compressor::Lz4Compressor() = default;
Lz4Compressor::~Lz4Compressor() = default;
Result<void> Lz4Compressor::compress(Bytes /*input*/, int /*level*/, Buffer& /*out*/) {
  return no_codec();
}

Lz4Decompressor::Lz4Decompressor() = default;
Lz4Decompressor::~Lz4Decompressor() = default;
Result<void> Lz4Decompressor::decompress(Bytes /*input*/, BoundedOutput& /*out*/) {
  return no_codec();
}

}  // namespace odradek::wire::codec
