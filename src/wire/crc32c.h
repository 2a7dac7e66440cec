#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace odradek::wire {

// CRC-32C (Castagnoli), the checksum of record batches: crc32c("123456789") == 0xE3069283.
uint32_t crc32c(Bytes bytes);

// The CRC of A followed by B, from the CRC of A and the bytes of B. crc32c_extend(0, b) is
// crc32c(b).
uint32_t crc32c_extend(uint32_t crc_of_before, Bytes bytes);

// The CRC of A followed by B, from the CRCs of both and the length of B. O(log length).
uint32_t crc32c_combine(uint32_t crc_of_before, uint32_t crc_of_after, uint64_t bytes_after);

// The CRC of a message after some of its bytes were replaced, without reading the others:
// `old_bytes` and `new_bytes` (equally long) are the replaced part and `bytes_after` of the message
// follow it. Right or wrong, the CRC stays so: what was damaged before is still found damaged.
// O(log bytes_after), about 0.2 us. Why it works: CRCs are linear over GF(2), so the difference of
// the two CRCs is that of the differing bytes, moved along by the zeros behind them.
uint32_t crc32c_replace(uint32_t crc, Bytes old_bytes, Bytes new_bytes, uint64_t bytes_after);

}  // namespace odradek::wire
