#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/slice.h"

namespace odradek::wire {

// How a batch's records section is compressed; the numbers are those of the attributes' low bits.
// Source: KIP-98, KIP-110 (zstd); org.apache.kafka.common.record.CompressionType.
enum class Codec : uint8_t { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };

// "none", "gzip", "snappy", "lz4", "zstd": the names of Kafka's configuration.
std::string_view codec_name(Codec codec);
std::optional<Codec> codec_from_name(std::string_view name);

// The codec's own default level: gzip 6, lz4 fast, zstd 3. Snappy has no levels.
inline constexpr int kDefaultLevel = std::numeric_limits<int>::min();

// The levels a codec takes (Kafka's ranges, KIP-390); {0, 0} where it has none.
struct LevelRange {
  int min;
  int max;
};
LevelRange codec_levels(Codec codec);

// Compresses whole records sections. Holds the codecs' contexts and one output buffer, made on
// first use and reused: keep one per loop or thread, not one per batch. One thread at a time.
class Compressor {
 public:
  Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;
  ~Compressor();

  // `input` compressed as Kafka's Java clients read it: gzip; snappy in xerial framing; an lz4
  // frame of independent 64 KiB blocks; one zstd frame. kNone gives `input` itself. The view is
  // valid until the next call. A level outside codec_levels() is moved to the nearest inside.
  // Errors: kLimitExceeded above 2 GiB - 1, kInternal when a library fails (out of memory).
  Result<Bytes> compress(Codec codec, int level, Bytes input);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

// What a records section may decompress to unless the caller says otherwise.
inline constexpr size_t kDecompressedBytesMax = size_t{128} << 20U;

// The opposite. Same rules of use.
class Decompressor {
 public:
  Decompressor();
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;
  ~Decompressor();

  // Replaces the content of `out` by the decompressed `input` and returns a view of it (for kNone,
  // `input` itself, and `out` is left alone). `out` grows step by step with what really comes out,
  // never by an announced size alone, and not past `limit_bytes`; it keeps its memory for the next
  // call. Reads what any Kafka client writes: gzip members, snappy raw or xerial, lz4 and zstd
  // frames of any settings (no dictionaries), also several in a row.
  // Errors: kMalformed (corrupt, cut, or with bytes behind the end), kLimitExceeded, kUnsupported
  // for a codec number Kafka does not know.
  Result<Bytes> decompress(Codec codec, Bytes input, Buffer& out,
                           size_t limit_bytes = kDecompressedBytesMax);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace odradek::wire
