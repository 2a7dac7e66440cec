#include "backup/engine/archived_batch.h"

#include <algorithm>

#include "wire/batch_rewrite.h"
#include "wire/control_record.h"
#include "wire/record_iterator.h"

namespace odradek::backup {
namespace {

uint16_t control_flag(const wire::RecordView& record) {
  const Result<wire::ControlType> type = wire::control_type(record);
  if (type && *type == wire::ControlType::kCommit) return kBatchCommitMarker;
  if (type && *type == wire::ControlType::kAbort) return kBatchAbortMarker;
  return kBatchOtherControl;
}

BatchEntry facts_of_header(const wire::BatchView& batch) {
  BatchEntry facts;
  facts.base_offset = batch.base_offset();
  facts.last_offset = batch.last_offset();
  facts.record_count = batch.record_count();
  facts.min_timestamp = batch.max_timestamp();
  facts.max_timestamp = batch.max_timestamp();
  facts.leader_epoch = batch.leader_epoch();
  if (batch.is_transactional()) facts.flags |= kBatchTransactional;
  if (batch.timestamp_type() == wire::TimestampType::kLogAppendTime) {
    facts.flags |= kBatchLogAppendTime;
  }
  if (!batch.has_all_offsets()) facts.flags |= kBatchHasHoles;
  const auto codec = static_cast<unsigned>(batch.codec());
  facts.flags = static_cast<uint16_t>(facts.flags | (codec << kBatchCodecShift));
  return facts;
}

// Fills in what only the records tell: smallest timestamp, kind of control batch.
Result<void> add_facts_of_records(const wire::BatchView& batch, Bytes records, BatchEntry& facts) {
  const auto mode = batch.is_control() ? wire::RecordMode::kFull : wire::RecordMode::kOffsets;
  wire::RecordCursor cursor(batch, records, mode);
  while (const wire::RecordView* record = cursor.next()) {
    facts.min_timestamp = std::min(facts.min_timestamp, record->timestamp_ms);
    if (batch.is_control()) facts.flags |= control_flag(*record);
  }
  if (batch.is_control() && !facts.is_control()) facts.flags |= kBatchOtherControl;
  return cursor.status();
}

}  // namespace

wire::Codec stored_codec(const BatchCoding& coding, wire::Codec original) {
  if (coding.transcode == Transcode::kNever) return original;
  if (coding.transcode == Transcode::kAll) return coding.codec;
  if (coding.codec != wire::Codec::kNone) {
    return original == wire::Codec::kNone ? coding.codec : original;
  }
  if (!coding.frames_are_compressed || original == wire::Codec::kZstd) return original;
  return wire::Codec::kNone;
}

Result<ArchivedBatch> BatchArchiver::archive(const Slice& memory, const wire::BatchView& batch) {
  ODK_TRY_VOID(batch.verify_crc());
  ODK_TRY(const Bytes records, wire::records_of(batch, decompressor_, scratch_));
  ArchivedBatch archived{memory.share(batch.bytes()), facts_of_header(batch)};
  ODK_TRY_VOID(add_facts_of_records(batch, records, archived.facts));
  const wire::Codec codec = stored_codec(coding_, batch.codec());
  if (codec != batch.codec() && !batch.is_control()) {
    ODK_TRY(const Bytes stored, compressor_.compress(codec, wire::kDefaultLevel, records));
    ODK_TRY(archived.bytes, wire::with_stored_records(batch, codec, stored));
    archived.facts.flags |= kBatchTranscoded;
  }
  // One giant batch must not keep its memory for the rest of the run.
  constexpr size_t kScratchBytesKept = 8 * 1024 * 1024;
  if (scratch_.size() > kScratchBytesKept) scratch_ = Buffer();
  return archived;
}

}  // namespace odradek::backup
