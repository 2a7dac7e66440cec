#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/slice.h"
#include "wire/codec.h"
#include "wire/record_batch.h"

namespace odradek::wire {

// Header fields to replace; what is not set stays. Attributes are the whole field: codec,
// timestamp type and so on.
struct HeaderEdit {
  std::optional<int64_t> base_offset = {};
  std::optional<int32_t> leader_epoch = {};
  std::optional<uint16_t> attributes = {};
  std::optional<int64_t> max_timestamp = {};
  std::optional<int64_t> producer_id = {};
  std::optional<int16_t> producer_epoch = {};
  std::optional<int32_t> base_sequence = {};
};

using HeaderBytes = std::array<uint8_t, batch_layout::kHeaderBytes>;

// The header of `batch` after the edit, with its CRC; the batch is untouched. For batches whose
// bytes are shared: send these 61 bytes, then batch.stored_records().
// The records are not read when the batch is large, and in no case does an edit make a damaged
// batch look whole: its CRC stays wrong (see crc32c_replace). About 0.2 us at any size.
HeaderBytes edited_header(const BatchView& batch, const HeaderEdit& edit);

// The same in place. `batch` is one whole batch (kMalformed or kUnsupported as BatchView::parse,
// and then unchanged).
Result<void> edit_header(MutableBytes batch, const HeaderEdit& edit);

// The two fields the CRC does not cover, which a broker sets on every append. `batch` begins with
// a header that was parsed before.
void set_base_offset(MutableBytes batch, int64_t base_offset, int32_t leader_epoch);

// Marks the batch as timestamped by the log: all its records then carry `now_ms`.
// Source: KIP-32; DefaultRecordBatch.setMaxTimestamp. Errors as edit_header().
Result<void> stamp_log_append_time(MutableBytes batch, int64_t now_ms);

// A new batch with the header of `batch` and another records section, `stored_records`, which is
// already compressed by `codec` and holds the same records: codec, length and CRC are set, all else
// is kept. The records section must have been verified, since the CRC is made anew.
// kLimitExceeded above 2 GiB. Copies the section once.
Result<Slice> with_stored_records(const BatchView& batch, Codec codec, Bytes stored_records);

// Computes the CRC over the whole batch and stores it: for bytes the caller made or verified.
// `batch` is exactly one batch.
void store_crc(MutableBytes batch);

}  // namespace odradek::wire
