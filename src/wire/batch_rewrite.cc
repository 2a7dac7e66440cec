#include "wire/batch_rewrite.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "wire/crc32c.h"
#include "wire/endian.h"

namespace odradek::wire {
namespace {

using batch_layout::kAttributes;
using batch_layout::kHeaderBytes;

// Below this, two passes over the whole batch cost less than moving the header's difference to
// its end (bench/wire_bench.cc: wire/rewrite_header, wire/replace_crc).
constexpr size_t kTwoPassesBytesMax = 1536;

template <class T>
void set(uint8_t* header, size_t at, const std::optional<T>& value) {
  if (value) store_be(header + at, *value);
}

// The CRC that goes with `edited`: the old one plus the difference the edit makes, so damage to
// the body (or to the old header) stays visible whichever way it is computed.
uint32_t edited_crc(const BatchView& batch, const HeaderBytes& edited) {
  const Bytes old_part = batch.bytes().subspan(kAttributes, kHeaderBytes - kAttributes);
  const Bytes new_part = Bytes(edited).subspan(kAttributes);
  const Bytes records = batch.stored_records();
  if (std::ranges::equal(old_part, new_part)) return batch.crc();
  if (batch.size() > kTwoPassesBytesMax) {
    return crc32c_replace(batch.crc(), old_part, new_part, records.size());
  }
  const uint32_t before = crc32c(batch.bytes().subspan(kAttributes));
  const uint32_t after = crc32c_extend(crc32c(new_part), records);
  return batch.crc() ^ before ^ after;
}

}  // namespace

HeaderBytes edited_header(const BatchView& batch, const HeaderEdit& edit) {
  HeaderBytes header;
  std::copy_n(batch.bytes().begin(), kHeaderBytes, header.begin());
  set(header.data(), batch_layout::kBaseOffset, edit.base_offset);
  set(header.data(), batch_layout::kLeaderEpoch, edit.leader_epoch);
  set(header.data(), batch_layout::kAttributes, edit.attributes);
  set(header.data(), batch_layout::kMaxTimestamp, edit.max_timestamp);
  set(header.data(), batch_layout::kProducerId, edit.producer_id);
  set(header.data(), batch_layout::kProducerEpoch, edit.producer_epoch);
  set(header.data(), batch_layout::kBaseSequence, edit.base_sequence);
  store_be(header.data() + batch_layout::kCrc, edited_crc(batch, header));
  return header;
}

Result<void> edit_header(MutableBytes batch, const HeaderEdit& edit) {
  ODK_TRY(const BatchView view, BatchView::parse(batch));
  const HeaderBytes header = edited_header(view, edit);
  std::ranges::copy(header, batch.begin());
  return {};
}

void set_base_offset(MutableBytes batch, int64_t base_offset, int32_t leader_epoch) {
  ODK_ASSERT(batch.size() >= kHeaderBytes);
  store_be(batch.data() + batch_layout::kBaseOffset, base_offset);
  store_be(batch.data() + batch_layout::kLeaderEpoch, leader_epoch);
}

Result<void> stamp_log_append_time(MutableBytes batch, int64_t now_ms) {
  ODK_TRY(const BatchView view, BatchView::parse(batch));
  HeaderEdit edit;
  edit.attributes = static_cast<uint16_t>(view.attributes() | batch_attributes::kLogAppendTime);
  edit.max_timestamp = now_ms;
  return edit_header(batch, edit);
}

Result<Slice> with_stored_records(const BatchView& batch, Codec codec, Bytes stored_records) {
  constexpr size_t kBatchBytesMax = std::numeric_limits<int32_t>::max();
  if (stored_records.size() > kBatchBytesMax - kHeaderBytes) {
    return Error(Errc::kLimitExceeded, "record batch over 2 GiB");
  }
  Buffer out(kHeaderBytes + stored_records.size());
  out.append(batch.bytes().first(kHeaderBytes));
  out.append(stored_records);
  const uint32_t kept = batch.attributes() & ~uint32_t{batch_attributes::kCodecMask};
  store_be(out.data() + kAttributes, static_cast<uint16_t>(kept | static_cast<uint32_t>(codec)));
  store_be(out.data() + batch_layout::kLength,
           static_cast<int32_t>(out.size() - batch_layout::kPrefixBytes));
  store_crc(out.mutable_bytes());
  return out.freeze();
}

void store_crc(MutableBytes batch) {
  ODK_ASSERT(batch.size() >= kHeaderBytes);
  store_be(batch.data() + batch_layout::kCrc, crc32c(Bytes(batch).subspan(kAttributes)));
}

}  // namespace odradek::wire
