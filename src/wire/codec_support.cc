#include "wire/codec_support.h"

#include "wire/codec_internal.h"

namespace odradek::wire {

bool has_codec(Codec codec) {
  switch (codec) {
    case Codec::kNone: return true;
    case Codec::kGzip: return codec::kHasGzip;
    case Codec::kSnappy: return codec::kHasSnappy;
    case Codec::kLz4: return codec::kHasLz4;
    case Codec::kZstd: return codec::kHasZstd;
  }
  return false;
}

}  // namespace odradek::wire
