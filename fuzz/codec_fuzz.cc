// The decompressors on hostile bytes, within a limit; and every codec and level gives back what
// went in. The first byte chooses codec and way, the second the level.
#include <algorithm>
#include <cstdlib>

#include "wire/codec.h"

namespace odradek::wire {
namespace {

constexpr size_t kLimitBytes = size_t{1} << 20U;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Codecs {
  Compressor compressor;
  Decompressor decompressor;
  Buffer out;
};

void decompress(Codecs& codecs, Codec codec, Bytes input) {
  const Result<Bytes> output =
      codecs.decompressor.decompress(codec, input, codecs.out, kLimitBytes);
  if (output) require(codec == Codec::kNone || output->size() <= kLimitBytes);
  require(codecs.out.capacity() <= 4 * kLimitBytes);
}

void round_trip(Codecs& codecs, Codec codec, int level, Bytes input) {
  const Result<Bytes> packed = codecs.compressor.compress(codec, level, input);
  require(packed.has_value());
  const Result<Bytes> output =
      codecs.decompressor.decompress(codec, *packed, codecs.out, input.size());
  require(output.has_value() && std::ranges::equal(*output, input));
}

}  // namespace
}  // namespace odradek::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace odradek;
  using namespace odradek::wire;
  constexpr size_t kControlBytes = 2;
  constexpr unsigned kRoundTrip = 0x80;
  if (size < kControlBytes) return 0;
  static Codecs codecs;  // kept, as a caller keeps them: a failure must not spoil the next call
  const auto codec = static_cast<Codec>(data[0] & 7U);
  const Bytes input(data + kControlBytes, size - kControlBytes);
  if ((data[0] & kRoundTrip) == 0) {
    decompress(codecs, codec, input);
  } else if (codec <= Codec::kZstd) {
    // Levels from 19 on take tens of MiB and milliseconds each.
    round_trip(codecs, codec, static_cast<int8_t>(data[1]) % 13, input);
  }
  return 0;
}
