#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "log/batch_store.h"
#include "wire/endian.h"
#include "wire/record_batch.h"

// Fields of a batch that was whole when it was stored, from its first 61 bytes.
namespace odradek::log::stored {

inline int64_t base_offset(const uint8_t* batch) {
  return wire::load_be<int64_t>(batch + wire::batch_layout::kBaseOffset);
}
inline size_t size(const uint8_t* batch) {
  return wire::batch_layout::kPrefixBytes +
         static_cast<size_t>(wire::load_be<int32_t>(batch + wire::batch_layout::kLength));
}
inline int64_t next_offset(const uint8_t* batch) {
  return base_offset(batch) + wire::load_be<int32_t>(batch + wire::batch_layout::kLastOffsetDelta) +
         1;
}
inline int64_t max_timestamp(const uint8_t* batch) {
  return wire::load_be<int64_t>(batch + wire::batch_layout::kMaxTimestamp);
}

// The first record of the batch at or behind `from_offset` that is not earlier. kMalformed when
// the records do not unpack.
Result<std::optional<TimedOffset>> search(const wire::BatchView& batch, int64_t timestamp_ms,
                                          int64_t from_offset, Unpacker& unpacker);

}  // namespace odradek::log::stored
