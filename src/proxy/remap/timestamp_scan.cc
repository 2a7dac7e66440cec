#include "proxy/remap/timestamp_scan.h"

#include <algorithm>

#include "proxy/remap/batch_mark.h"
#include "wire/record_iterator.h"

namespace odradek::proxy {

// Control batches are nobody's records.
bool TimestampScan::may_hold(const wire::BatchView& batch) const {
  if (batch.is_control() || batch.last_offset() < from_) return false;
  if (batch.max_timestamp() < timestamp_ms_) return false;
  const BatchOwner owner = owner_of(batch, *remapper_, remapper_->physical_of(partition_));
  return owner.kind == BatchOwner::Kind::kOne && owner.partition == partition_;
}

std::optional<TimestampScan::Found> TimestampScan::find_record(const wire::BatchView& batch) {
  const Found whole = {.offset = std::max(from_, batch.base_offset()),
                       .timestamp_ms = batch.max_timestamp()};
  const Result<Bytes> records = wire::records_of(batch, decompressor_, scratch_);
  if (!records) return whole;
  wire::RecordCursor cursor(batch, *records, wire::RecordMode::kOffsets);
  while (const wire::RecordView* record = cursor.next()) {
    if (record->offset >= from_ && record->timestamp_ms >= timestamp_ms_) {
      return Found{.offset = record->offset, .timestamp_ms = record->timestamp_ms};
    }
  }
  if (!cursor.status()) return whole;
  return std::nullopt;  // the newest record lies before `from`
}

std::optional<TimestampScan::Found> TimestampScan::scan(Bytes chunk) {
  wire::BatchCursor batches(chunk);
  while (true) {
    const Result<std::optional<wire::BatchView>> next = batches.next();
    if (!next || !*next) return std::nullopt;
    const wire::BatchView& batch = **next;
    scanned_bytes_ += static_cast<int64_t>(batch.size());
    if (may_hold(batch)) {
      if (const std::optional<Found> found = find_record(batch)) return found;
    }
    cursor_ = std::max(cursor_, batch.next_offset());
  }
}

}  // namespace odradek::proxy
