#include "backup/positions/header_scan.h"

#include "backup/restore/offset_headers.h"
#include "wire/record_iterator.h"

namespace odradek::backup {
namespace {

struct Found {
  int64_t offset = 0;
  std::optional<int64_t> original;
};

// The first data record at or behind `from` in fetched bytes.
Result<std::optional<Found>> first_record(Bytes records, int64_t from) {
  wire::Decompressor decompressor;
  Buffer scratch;
  std::optional<Found> found;
  ODK_TRY_VOID(wire::for_each_batch(records, [&](const wire::BatchView& batch) -> Result<void> {
    if (found || batch.is_control() || batch.last_offset() < from) return {};
    ODK_TRY_VOID(batch.verify_crc());
    ODK_TRY(const Bytes decoded, wire::records_of(batch, decompressor, scratch));
    wire::RecordCursor cursor(batch, decoded);
    while (const wire::RecordView* record = cursor.next()) {
      if (record->offset < from) continue;
      found = Found{record->offset, original_offset(record->headers)};
      break;
    }
    return cursor.status();
  }));
  return found;
}

}  // namespace

io::Task<Result<std::optional<int64_t>>> scan_for_original(Source& source, TopicPartition partition,
                                                           int64_t original) {
  constexpr int32_t kProbeBytes = 64 * 1024;
  const FetchOptions probe{.max_bytes = kProbeBytes, .max_wait_ms = 0};
  ODK_CO_TRY(int64_t low, co_await source.offset_at(partition, Source::Special::kEarliest,
                                                    IsolationLevel::kReadCommitted));
  ODK_CO_TRY(int64_t high, co_await source.offset_at(partition, Source::Special::kLatest,
                                                     IsolationLevel::kReadCommitted));
  if (low == high) co_return std::optional<int64_t>{};
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    ODK_CO_TRY(const FetchedBatches fetched,
               co_await source.fetch(partition, middle, probe, cluster::kGeneralLane));
    ODK_CO_TRY(const std::optional<Found> found, first_record(fetched.records, middle));
    if (!found) {
      high = middle;  // nothing but markers and holes behind it
      continue;
    }
    if (!found->original) co_return std::optional<int64_t>{};
    if (*found->original < original) {
      low = found->offset + 1;
    } else {
      high = middle;
    }
  }
  co_return std::optional<int64_t>{low};
}

}  // namespace odradek::backup
