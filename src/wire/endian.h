#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace odradek::wire {

// Big-endian integers at any address. The caller has checked that sizeof(T) bytes are there.
template <class T>
T load_be(const uint8_t* at) {
  std::make_unsigned_t<T> raw;
  std::memcpy(&raw, at, sizeof raw);
  if constexpr (sizeof raw > 1) raw = std::byteswap(raw);
  return static_cast<T>(raw);
}

template <class T>
void store_be(uint8_t* at, T value) {
  auto raw = static_cast<std::make_unsigned_t<T>>(value);
  if constexpr (sizeof raw > 1) raw = std::byteswap(raw);
  std::memcpy(at, &raw, sizeof raw);
}

// The same for formats that are little-endian (codec frames).
template <class T>
T load_le(const uint8_t* at) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace odradek::wire
