#include "backup/restore/prepared_batch.h"

#include <fmt/format.h>

#include "wire/batch_rewrite.h"
#include "wire/record_iterator.h"

namespace odradek::backup {
namespace {

wire::Codec original_codec(const BatchEntry& entry) {
  return static_cast<wire::Codec>((entry.flags & kBatchCodecMask) >> kBatchCodecShift);
}

// One run: the batch is dense, offset for offset.
std::vector<RestoredRun> whole(const wire::BatchView& batch) {
  return {{batch.base_offset(), 0, static_cast<uint32_t>(batch.record_count())}};
}

}  // namespace

RestorePath BatchPreparer::path_of(const BatchEntry& entry, int64_t covered_start) {
  if (entry.is_control() || entry.last_offset < covered_start || entry.record_count == 0) {
    return RestorePath::kNothing;
  }
  if ((entry.flags & (kBatchHasHoles | kBatchLogAppendTime)) != 0 ||
      entry.base_offset < covered_start) {
    return RestorePath::kRecords;
  }
  return (entry.flags & kBatchTranscoded) != 0 ? RestorePath::kRecompress : RestorePath::kRaw;
}

Result<PreparedBatch> BatchPreparer::prepare(const Slice& archived, const BatchEntry& entry,
                                             int64_t covered_start) {
  const RestorePath path = path_of(entry, covered_start);
  if (path == RestorePath::kNothing) return PreparedBatch{};
  ODK_TRY(const wire::BatchView batch, wire::BatchView::parse(archived.bytes()));
  ODK_TRY_VOID(batch.verify_crc());
  switch (path) {
    case RestorePath::kRaw: return raw(archived, batch);
    case RestorePath::kRecompress: return recompress(batch, original_codec(entry));
    default: return records(batch, original_codec(entry), covered_start);
  }
}

Result<PreparedBatch> BatchPreparer::raw(const Slice& archived,
                                         const wire::BatchView& batch) const {
  return PreparedBatch{archived, batch.record_count(), whole(batch)};
}

Result<PreparedBatch> BatchPreparer::recompress(const wire::BatchView& batch, wire::Codec codec) {
  ODK_TRY(const Bytes compressed,
          compressor_.compress(codec, wire::kDefaultLevel, batch.stored_records()));
  ODK_TRY(Slice bytes, wire::with_stored_records(batch, codec, compressed));
  return PreparedBatch{std::move(bytes), batch.record_count(), whole(batch)};
}

Result<PreparedBatch> BatchPreparer::records(const wire::BatchView& batch, wire::Codec codec,
                                             int64_t covered_start) {
  ODK_TRY(const Bytes decoded, wire::records_of(batch, decompressor_, scratch_));
  wire::BatchBuilder builder({.codec = codec}, decoded.size());
  PreparedBatch prepared;
  wire::RecordCursor cursor(batch, decoded, wire::RecordMode::kOffsets);
  while (const wire::RecordView* record = cursor.next()) {
    if (record->offset < covered_start) continue;
    const int32_t delta = builder.next_offset_delta();
    ODK_TRY_VOID(builder.append_payload(delta, record->timestamp_ms, record->payload));
    if (!prepared.runs.empty() &&
        record->offset == prepared.runs.back().source_first + prepared.runs.back().count) {
      ++prepared.runs.back().count;
    } else {
      prepared.runs.push_back({record->offset, delta, 1});
    }
  }
  ODK_TRY_VOID(cursor.status());
  prepared.record_count = builder.record_count();
  if (builder.empty()) return prepared;
  ODK_TRY(prepared.bytes, builder.finish(compressor_));
  return prepared;
}

}  // namespace odradek::backup
