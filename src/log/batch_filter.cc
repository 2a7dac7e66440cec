#include "log/batch_filter.h"

#include <algorithm>

#include "wire/batch_builder.h"
#include "wire/batch_rewrite.h"
#include "wire/control_record.h"
#include "wire/record_iterator.h"

namespace odradek::log {
namespace {

using wire::BatchView;

std::optional<int64_t> horizon_of(const BatchView& batch) {
  if (!batch.has_delete_horizon()) return std::nullopt;
  return batch.base_timestamp();
}

// A batch without records that still says who wrote it, and where.
// Source: DefaultRecordBatch.writeEmptyHeader.
Slice empty_of(const BatchView& batch) {
  namespace layout = wire::batch_layout;
  constexpr uint16_t kKeptAttributes = wire::batch_attributes::kLogAppendTime |
                                       wire::batch_attributes::kTransactional |
                                       wire::batch_attributes::kControl;
  Buffer bytes;
  uint8_t* at = bytes.extend(layout::kHeaderBytes);
  std::copy_n(batch.bytes().data(), layout::kHeaderBytes, at);
  wire::store_be<int32_t>(at + layout::kLength,
                          static_cast<int32_t>(layout::kHeaderBytes - layout::kPrefixBytes));
  wire::store_be<uint16_t>(at + layout::kAttributes, batch.attributes() & kKeptAttributes);
  wire::store_be<int64_t>(at + layout::kBaseTimestamp, wire::kNoTimestamp);
  wire::store_be<int32_t>(at + layout::kRecordCount, 0);
  wire::store_crc({at, layout::kHeaderBytes});
  return bytes.freeze();
}

}  // namespace

Result<BatchFilter::Kept> BatchFilter::apply(const BatchView& batch, CheckScratch& scratch) {
  ODK_TRY(const bool is_discarded_batch, is_discarded(batch));
  const std::optional<int64_t> horizon = horizon_of(batch);
  bool drop_all = is_discarded_batch;
  if (batch.is_control()) drop_all = drop_all && horizon && *horizon <= round_.now_ms;

  Unpacker& unpacker = scratch.unpacker;
  kept_.clear();
  bool has_tombstones = false;
  if (!drop_all) {
    ODK_TRY(const Bytes records, wire::records_of(batch, unpacker.decompressor, unpacker.scratch));
    wire::RecordCursor cursor(batch, records);
    while (const wire::RecordView* record = cursor.next()) {
      if (!keeps(batch, *record)) continue;
      has_tombstones = has_tombstones || (!batch.is_control() && is_null(record->value));
      kept_.push_back({record->offset_delta, record->timestamp_ms, record->payload});
    }
    ODK_TRY_VOID(cursor.status());
  }
  if (kept_.empty()) {
    const bool must_stay = is_last_of_producer(batch) || batch.next_offset() == round_.end_offset;
    if (!must_stay) return Kept{};
    if (batch.record_count() == 0) return Kept{batch.bytes(), {}};
    Slice empty = empty_of(batch);
    return Kept{empty.bytes(), empty};
  }
  const bool begins_horizon =
      !horizon && (has_tombstones || (batch.is_control() && is_discarded_batch));
  if (kept_.size() == static_cast<size_t>(batch.record_count()) && !begins_horizon) {
    return Kept{batch.bytes(), {}};
  }
  const std::optional<int64_t> new_horizon =
      begins_horizon ? round_.now_ms + round_.delete_retention_ms : horizon;
  ODK_TRY(Slice made, rebuild(batch, new_horizon, scratch));
  return Kept{made.bytes(), made};
}

// Whether a transaction's end makes the batch needless. Markers wait for their horizon still.
Result<bool> BatchFilter::is_discarded(const BatchView& batch) {
  if (!batch.is_transactional()) return false;
  if (batch.is_control()) return marker_has_no_data(batch);
  const std::vector<AbortedTxn> near =
      aborted_.overlapping(batch.base_offset(), batch.next_offset());
  const bool is_aborted = std::ranges::any_of(near, [&](const AbortedTxn& txn) {
    return txn.producer_id == batch.producer_id() && txn.first_offset <= batch.base_offset() &&
           txn.last_offset >= batch.base_offset();
  });
  (is_aborted ? aborted_data_ : committed_data_).insert(batch.producer_id());
  return is_aborted;
}

Result<bool> BatchFilter::marker_has_no_data(const BatchView& batch) {
  wire::RecordCursor cursor(batch, batch.stored_records());
  const wire::RecordView* record = cursor.next();
  if (record == nullptr) {
    ODK_TRY_VOID(cursor.status());
    return true;
  }
  ODK_TRY(const wire::ControlType type, wire::control_type(*record));
  if (type == wire::ControlType::kAbort) return aborted_data_.erase(batch.producer_id()) == 0;
  if (type == wire::ControlType::kCommit) return committed_data_.erase(batch.producer_id()) == 0;
  return false;
}

// Its sequence, or its epoch where it has no other, would be forgotten with the batch.
bool BatchFilter::is_last_of_producer(const BatchView& batch) const {
  if (!batch.has_producer()) return false;
  const auto found = producers_.entries().find(batch.producer_id());
  if (found == producers_.entries().end()) return false;
  const ProducerEntry& entry = found->second;
  if (entry.batch_count == 0) return batch.is_control() && batch.producer_epoch() == entry.epoch;
  return batch.last_offset() == entry.batches[entry.batch_count - 1].last_offset;
}

bool BatchFilter::keeps(const BatchView& batch, const wire::RecordView& record) const {
  if (batch.is_control() || record.offset >= round_.end_offset) return true;
  if (is_null(record.key)) return false;
  if (record.offset < newest_.find(record.key)) return false;
  if (!is_null(record.value)) return true;
  const std::optional<int64_t> horizon = horizon_of(batch);
  return !horizon || round_.now_ms < *horizon;
}

Result<Slice> BatchFilter::rebuild(const BatchView& batch, std::optional<int64_t> horizon_ms,
                                   CheckScratch& scratch) const {
  wire::BatchOptions options;
  options.base_offset = batch.base_offset();
  options.leader_epoch = batch.leader_epoch();
  options.codec = batch.codec();
  options.timestamp_type = batch.timestamp_type();
  options.transactional = batch.is_transactional();
  options.control = batch.is_control();
  options.producer_id = batch.producer_id();
  options.producer_epoch = batch.producer_epoch();
  options.base_sequence = batch.base_sequence();
  options.delete_horizon_ms = horizon_ms;
  wire::BatchBuilder builder(options, batch.size());
  for (const Record& record : kept_) {
    ODK_TRY_VOID(builder.append_payload(record.offset_delta, record.timestamp_ms, record.payload));
  }
  builder.extend_to(batch.last_offset_delta());
  return builder.finish(scratch.compressor);
}

}  // namespace odradek::log
