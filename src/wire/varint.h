#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace odradek::wire {

// Kafka's variable-length integers (base 128, least significant group first; signed ones zigzag)
// on raw memory, for the record format, where a Reader or Writer would be in the way.
// Source: KIP-98; org.apache.kafka.common.utils.ByteUtils.

constexpr uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1U) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t unzigzag(uint64_t raw) {
  return static_cast<int64_t>((raw >> 1U) ^ (~(raw & 1U) + 1U));
}

// Bytes an unsigned varint takes: 1 to 10.
constexpr size_t uvarint_size(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}
// Bytes a signed (zigzag) varint or varlong takes.
constexpr size_t varint_size(int64_t value) { return uvarint_size(zigzag(value)); }

// Writes at `at`, where uvarint_size(value) bytes are free; returns the end of what it wrote.
inline uint8_t* write_uvarint(uint8_t* at, uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<uint8_t>(value | 0x80U);
    value >>= 7U;
  }
  *at++ = static_cast<uint8_t>(value);
  return at;
}
inline uint8_t* write_varint(uint8_t* at, int64_t value) {
  return write_uvarint(at, zigzag(value));
}

inline constexpr unsigned kVarintBytesMax = 5;    // 32 bits
inline constexpr unsigned kVarlongBytesMax = 10;  // 64 bits

// Reads an unsigned varint of at most `bytes_max` bytes from [at, end); returns the position
// behind it, or nullptr when it is cut or longer than that.
inline const uint8_t* read_uvarint(const uint8_t* at, const uint8_t* end, unsigned bytes_max,
                                   uint64_t& value) {
  if (at != end && *at < 0x80) [[likely]] {
    value = *at;
    return at + 1;
  }
  uint64_t sum = 0;
  for (unsigned i = 0; i < bytes_max && at != end; ++i) {
    const uint8_t byte = *at++;
    sum |= uint64_t{byte & 0x7FU} << (7 * i);
    if (byte < 0x80) {
      value = sum;
      return at;
    }
  }
  return nullptr;
}

// A signed 32-bit varint; bits beyond 32 are dropped, as the Java reader does.
inline const uint8_t* read_varint(const uint8_t* at, const uint8_t* end, int32_t& value) {
  uint64_t raw = 0;
  at = read_uvarint(at, end, kVarintBytesMax, raw);
  value = static_cast<int32_t>(unzigzag(static_cast<uint32_t>(raw)));
  return at;
}
inline const uint8_t* read_varlong(const uint8_t* at, const uint8_t* end, int64_t& value) {
  uint64_t raw = 0;
  at = read_uvarint(at, end, kVarlongBytesMax, raw);
  value = unzigzag(raw);
  return at;
}

}  // namespace odradek::wire
