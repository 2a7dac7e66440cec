#include "wire/codec_internal.h"

namespace odradek::wire::codec {

const bool kHasGzip = false;
namespace {

Error no_codec() { return {Errc::kUnsupported, "this libodradek was built without gzip"}; }

}  // namespace

struct GzipCompressor::State {};
struct GzipDecompressor::State {};

GzipCompressor::GzipCompressor() = default;
GzipCompressor::~GzipCompressor() = default;
Result<void> GzipCompressor::compress(Bytes /*input*/, int /*level*/, Buffer& /*out*/) {
  return no_codec();
}

GzipDecompressor::GzipDecompressor() = default;
GzipDecompressor::~GzipDecompressor() = default;
Result<void> GzipDecompressor::decompress(Bytes /*input*/, BoundedOutput& /*out*/) {
  return no_codec();
}

}  // namespace odradek::wire::codec
