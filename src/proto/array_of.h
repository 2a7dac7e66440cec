#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace odradek::proto {
namespace detail {
alignas(std::max_align_t) inline std::byte empty_array_place{};
}  // namespace detail

// An array of no elements that is not null. Never dereferenced, so one address serves all types.
template <class T>
std::span<T> empty_array() {
  return {reinterpret_cast<T*>(&detail::empty_array_place), 0};
}

// No bytes, yet not null.
inline Bytes empty_bytes() {
  return {reinterpret_cast<const uint8_t*>(&detail::empty_array_place), 0};
}

// The array field of a message: a view of `items`, never null even when `items` is empty. The
// items must outlive the message's encoding; encode() does not change them.
template <class T>
std::span<T> array_of(std::span<T> items) {
  return items.data() == nullptr ? empty_array<T>() : items;
}
template <class T>
std::span<T> array_of(std::vector<T>& items) {
  return array_of(std::span<T>(items));
}
template <class T, size_t N>
std::span<T> array_of(std::array<T, N>& items) {
  return array_of(std::span<T>(items));
}
template <class T, size_t N>
std::span<T> array_of(T (&items)[N]) {
  return {items, N};
}

}  // namespace odradek::proto
