#include "wire/codec_internal.h"

namespace odradek::wire::codec {

const bool kHasSnappy = false;
namespace {

Error no_codec() { return {Errc::kUnsupported, "this libodradek was built without snappy"}; }

}  // namespace

Result<void> snappy_compress_xerial(Bytes /*input*/, Buffer& /*out*/) { return no_codec(); }
Result<void> snappy_decompress_any(Bytes /*input*/, BoundedOutput& /*out*/) { return no_codec(); }

}  // namespace odradek::wire::codec
