#include <snappy-c.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "wire/codec_internal.h"
#include "wire/endian.h"

namespace odradek::wire::codec {

const bool kHasSnappy = true;
namespace {

// The framing of snappy-java's SnappyOutputStream, which Kafka's Java clients write and read:
// a header of 16 bytes (magic, version, lowest compatible version), then chunks, each a 4-byte
// big-endian length and a raw snappy block. Some other clients write one raw block instead.
constexpr std::array<uint8_t, 16> kXerialHeader{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0,
                                                0,    0,   0,   1,   0,   0,   0,   1};
constexpr size_t kMagicBytes = 8;
constexpr size_t kChunkHeaderBytes = 4;
// Snappy compresses in blocks of 64 KiB inside, so larger chunks gain nothing.
constexpr size_t kChunkBytes = size_t{64} << 10U;
// A snappy element of 3 bytes copies at most 64: a block cannot grow by more than this.
constexpr size_t kGrowthMax = 32;

bool is_xerial(Bytes input) {
  return input.size() >= kXerialHeader.size() &&
         std::memcmp(input.data(), kXerialHeader.data(), kMagicBytes) == 0;
}

Result<void> decompress_block(Bytes block, BoundedOutput& out) {
  const char* data = reinterpret_cast<const char*>(block.data());
  size_t announced = 0;
  if (snappy_uncompressed_length(data, block.size(), &announced) != SNAPPY_OK) {
    return corrupt("snappy", "bad block length");
  }
  if (announced > block.size() * kGrowthMax) return corrupt("snappy", "impossible block length");
  if (announced > out.left_bytes()) return out.limit_error("snappy");
  const MutableBytes room = out.room(announced);
  size_t written = announced;
  char* to = reinterpret_cast<char*>(room.data());
  if (snappy_uncompress(data, block.size(), to, &written) != SNAPPY_OK) {
    return corrupt("snappy", "corrupt block");
  }
  out.commit(written);
  return {};
}

Result<void> decompress_xerial(Bytes input, BoundedOutput& out) {
  while (!input.empty()) {
    if (is_xerial(input)) {  // streams may follow each other, each with its header
      input = input.subspan(kXerialHeader.size());
      continue;
    }
    if (input.size() < kChunkHeaderBytes) return corrupt("snappy", "ends early");
    const auto size = load_be<uint32_t>(input.data());
    input = input.subspan(kChunkHeaderBytes);
    if (size > input.size()) return corrupt("snappy", "ends early");
    ODK_TRY_VOID(decompress_block(input.first(size), out));
    input = input.subspan(size);
  }
  return {};
}

}  // namespace

Result<void> snappy_compress_xerial(Bytes input, Buffer& out) {
  out.append(Bytes(kXerialHeader));
  while (!input.empty()) {
    const Bytes piece = input.first(std::min(input.size(), kChunkBytes));
    const size_t start = out.size();
    size_t written = snappy_max_compressed_length(piece.size());
    uint8_t* at = out.extend(kChunkHeaderBytes + written);
    const auto status = snappy_compress(reinterpret_cast<const char*>(piece.data()), piece.size(),
                                        reinterpret_cast<char*>(at + kChunkHeaderBytes), &written);
    if (status != SNAPPY_OK) return Error(Errc::kInternal, "snappy could not compress");
    store_be(at, static_cast<uint32_t>(written));
    out.resize(start + kChunkHeaderBytes + written);
    input = input.subspan(piece.size());
  }
  return {};
}

Result<void> snappy_decompress_any(Bytes input, BoundedOutput& out) {
  if (input.empty()) return corrupt("snappy", "empty");
  return is_xerial(input) ? decompress_xerial(input, out) : decompress_block(input, out);
}

}  // namespace odradek::wire::codec
