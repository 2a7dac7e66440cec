#pragma once

#include <span>

#include "base/slice.h"

namespace odradek::wire {

// The records field of Produce and Fetch: whole record batches that are never copied.
// Decoded: `bytes` views the frame (null data = null). To encode: `slices`, if any, are
// appended by reference; else `bytes` is copied. The slices are borrowed until encode() returns.
struct Records {
  Bytes bytes;
  std::span<const Slice> slices;

  bool is_null() const { return bytes.data() == nullptr && slices.data() == nullptr; }
  size_t size() const {
    if (slices.empty()) return bytes.size();
    size_t total = 0;
    for (const Slice& slice : slices) total += slice.size();
    return total;
  }
};

}  // namespace odradek::wire
