#include "wire/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace odradek::wire {
namespace {

// The register of isa-l: no conditioning before or after. Its length is an int.
uint32_t raw_crc(uint32_t state, Bytes bytes) {
  constexpr size_t kBytesPerCall = size_t{1} << 30U;
  while (!bytes.empty()) {
    const size_t count = std::min(bytes.size(), kBytesPerCall);
    // isa-l takes a non-const pointer and only reads.
    state = crc32_iscsi(const_cast<uint8_t*>(bytes.data()), static_cast<int>(count), state);
    bytes = bytes.subspan(count);
  }
  return state;
}

// Polynomials over GF(2) modulo Castagnoli's, bit-reflected: bit 31 is the coefficient of x^0.
constexpr uint32_t kModulus = 0x82F63B78;
constexpr uint32_t kOne = uint32_t{1} << 31U;
constexpr uint32_t kOneByte = kOne >> 8U;  // x^8: what one more zero byte multiplies by

constexpr uint32_t multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (int degree = 0; degree < 32; ++degree) {
    product ^= b & (0U - (a >> 31U));
    a <<= 1U;
    b = (b >> 1U) ^ (kModulus & (0U - (b & 1U)));
  }
  return product;
}

// kPowers[k][d] is x^(8 * d * 16^k): a length in bytes is shifted one hexadecimal digit a step.
constexpr size_t kDigits = 16;
using Powers = std::array<std::array<uint32_t, 16>, kDigits>;
constexpr Powers make_powers() {
  Powers powers{};
  uint32_t unit = kOneByte;
  for (auto& row : powers) {
    row[0] = kOne;
    for (size_t digit = 1; digit < row.size(); ++digit) row[digit] = multiply(row[digit - 1], unit);
    unit = multiply(row.back(), unit);
  }
  return powers;
}
constexpr Powers kPowers = make_powers();

// The register after `zeros` more zero bytes.
uint32_t shift(uint32_t state, uint64_t zeros) {
  for (size_t digit = 0; zeros != 0 && state != 0; ++digit, zeros >>= 4U) {
    const uint64_t value = zeros & 15U;
    if (value != 0) state = multiply(kPowers[digit][value], state);
  }
  return state;
}

}  // namespace

uint32_t crc32c(Bytes bytes) { return ~raw_crc(~uint32_t{0}, bytes); }

uint32_t crc32c_extend(uint32_t crc_of_before, Bytes bytes) {
  return ~raw_crc(~crc_of_before, bytes);
}

uint32_t crc32c_combine(uint32_t crc_of_before, uint32_t crc_of_after, uint64_t bytes_after) {
  // The conditioning of both CRCs cancels out, as in zlib's crc32_combine.
  return shift(crc_of_before, bytes_after) ^ crc_of_after;
}

uint32_t crc32c_replace(uint32_t crc, Bytes old_bytes, Bytes new_bytes, uint64_t bytes_after) {
  ODK_ASSERT(old_bytes.size() == new_bytes.size());
  constexpr size_t kPieceBytes = 64;
  std::array<uint8_t, kPieceBytes> difference;
  uint32_t state = 0;
  for (size_t done = 0; done < old_bytes.size(); done += kPieceBytes) {
    const size_t count = std::min(kPieceBytes, old_bytes.size() - done);
    for (size_t i = 0; i < count; ++i) {
      difference[i] = static_cast<uint8_t>(old_bytes[done + i] ^ new_bytes[done + i]);
    }
    state = raw_crc(state, Bytes(difference).first(count));
  }
  return crc ^ shift(state, bytes_after);
}

}  // namespace odradek::wire
