#include "backup/positions/archive_times.h"

#include <algorithm>

#include "backup/restore/segment_preparer.h"
#include "wire/record_iterator.h"

namespace odradek::backup {
namespace {

Result<TimestampMs> smallest_time_from(const Slice& bytes, int64_t offset) {
  ODK_TRY(const wire::BatchView batch, wire::BatchView::parse(bytes.bytes()));
  wire::Decompressor decompressor;
  Buffer scratch;
  ODK_TRY(const Bytes records, wire::records_of(batch, decompressor, scratch));
  wire::RecordCursor cursor(batch, records, wire::RecordMode::kOffsets);
  TimestampMs smallest = INT64_MAX;
  while (const wire::RecordView* record = cursor.next()) {
    if (record->offset >= offset) smallest = std::min(smallest, record->timestamp_ms);
  }
  ODK_TRY_VOID(cursor.status());
  return smallest;
}

}  // namespace

Result<std::optional<TimestampMs>> time_at(store::ObjectStore& store,
                                           const PartitionState& partition, int64_t offset) {
  TimestampMs smallest = INT64_MAX;
  for (const SegmentRef& segment : partition.segments) {
    if (segment.covered_end < offset || segment.record_count == 0) continue;
    if (segment.covered_start >= offset) {
      smallest = std::min(smallest, segment.min_timestamp);
      continue;
    }
    ODK_TRY(const std::unique_ptr<SegmentReader> reader, open_segment(store, segment));
    const SegmentIndex& index = reader->index();
    for (size_t i = 0; i < index.batches.size(); ++i) {
      const BatchEntry& entry = index.batches[i];
      if (entry.is_control() || entry.record_count == 0 || entry.last_offset < offset) continue;
      if (entry.base_offset >= offset) {
        smallest = std::min(smallest, entry.min_timestamp);
        continue;
      }
      ODK_TRY(const Slice content, reader->read_frame(entry.frame));
      ODK_TRY(const Slice bytes, reader->batch(content, i));
      ODK_TRY(const TimestampMs time, smallest_time_from(bytes, offset));
      smallest = std::min(smallest, time);
    }
  }
  if (smallest == INT64_MAX) return std::optional<TimestampMs>{};
  return std::optional<TimestampMs>{smallest};
}

}  // namespace odradek::backup
