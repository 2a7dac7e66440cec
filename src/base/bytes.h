#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace odradek {

// Borrowed, immutable bytes. A null data pointer means Kafka's null; empty means zero bytes.
using Bytes = std::span<const uint8_t>;
using MutableBytes = std::span<uint8_t>;

// Views of the same memory with the other type; null stays null.
inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// True for null, which Kafka tells apart from empty.
inline bool is_null(Bytes bytes) { return bytes.data() == nullptr; }
inline bool is_null(std::string_view text) { return text.data() == nullptr; }

}  // namespace odradek
