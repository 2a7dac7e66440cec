#pragma once

#include <cstdint>

#include "base/slice.h"

namespace odradek::proxy {

// What stands where batches of other virtual partitions were: a control batch that carries the
// reader's position over the offsets [first, end) without giving it a record. Without it a
// consumer never gets past foreign records and its lag never becomes 0. A control batch and not
// an empty one, because some clients fetch an empty batch again and again.
struct Filler {
  int64_t first = 0;
  int64_t end = 0;             // exclusive; at most 2^31 - 1 behind `first`
  int32_t leader_epoch = -1;   // of the last batch that was skipped or seen
  int64_t timestamp_ms = -1;   // its largest timestamp
};

inline constexpr int64_t kFillerOffsetsMax = 0x7FFFFFFF;
inline constexpr int64_t kFillerProducerId = int64_t{1} << 61;  // no broker gives this one out

// The filler as a complete record batch of about 85 bytes, CRC included.
Slice make_filler(const Filler& filler);

}  // namespace odradek::proxy
