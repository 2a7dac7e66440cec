#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace odradek::proto {

// Tagged fields of a newer peer that this schema does not know, kept to be written back: the
// concatenated tag, size and data of each, in ascending tag order. Views the decoded frame, or
// the arena where known tags lay between. Source: KIP-482.
struct UnknownTags {
  const uint8_t* data = nullptr;
  uint32_t size_bytes = 0;
  uint32_t count = 0;

  Bytes raw() const { return {data, size_bytes}; }
  bool empty() const { return count == 0; }
};

}  // namespace odradek::proto
