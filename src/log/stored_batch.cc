#include "log/stored_batch.h"

#include "wire/record_iterator.h"

namespace odradek::log::stored {

Result<std::optional<TimedOffset>> search(const wire::BatchView& batch, int64_t timestamp_ms,
                                          int64_t from_offset, Unpacker& unpacker) {
  ODK_TRY(const Bytes records, wire::records_of(batch, unpacker.decompressor, unpacker.scratch));
  wire::RecordCursor cursor(batch, records, wire::RecordMode::kOffsets);
  while (const wire::RecordView* record = cursor.next()) {
    if (record->timestamp_ms < timestamp_ms || record->offset < from_offset) continue;
    return std::optional(TimedOffset{record->offset, record->timestamp_ms, batch.leader_epoch()});
  }
  ODK_TRY_VOID(cursor.status());
  return std::optional<TimedOffset>();
}

}  // namespace odradek::log::stored
