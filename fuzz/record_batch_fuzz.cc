// Whatever a peer or a log file sends as record batches: walked, verified, decompressed within a
// limit, read record by record, rewritten and re-encoded. Reads every byte handed out, so that
// the sanitizer sees a view that is too long.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "wire/batch_builder.h"
#include "wire/batch_rewrite.h"
#include "wire/control_record.h"
#include "wire/record_iterator.h"

namespace odradek::wire {
namespace {

constexpr size_t kLimitBytes = size_t{1} << 20U;

void require(bool condition) {
  if (!condition) std::abort();
}

void touch(Bytes bytes) {
  size_t sum = 0;
  for (const uint8_t byte : bytes) sum += byte;
  require(sum <= 255 * bytes.size());
}

void read_records(const BatchView& batch, Bytes section, RecordMode mode) {
  RecordCursor cursor(batch, section, mode);
  int32_t records = 0;
  while (const RecordView* record = cursor.next()) {
    ++records;
    require(record->offset >= batch.base_offset() && record->offset <= batch.last_offset());
    touch(record->key);
    touch(record->value);
    touch(record->encoded);
    int32_t headers = 0;
    for (const RecordHeader& header : record->headers) {
      touch(as_bytes(header.key));
      touch(header.value);
      ++headers;
    }
    require(headers == record->headers.size());
    if (batch.is_control() && mode == RecordMode::kFull) (void)end_txn_marker(*record);
  }
  require(records <= batch.record_count());
  if (cursor.status()) require(records == batch.record_count());
}

// Records that were read must survive being written.
void reencode(const BatchView& batch, Bytes section) {
  BatchBuilder builder({.base_offset = batch.base_offset()});
  RecordCursor cursor(batch, section);
  while (const RecordView* record = cursor.next()) {
    (void)builder.append_payload(record->offset_delta, record->timestamp_ms, record->payload);
  }
  if (!cursor.status() || builder.empty()) return;
  const int32_t count = builder.record_count();
  Compressor compressor;
  const Result<Slice> bytes = builder.finish(compressor);
  require(bytes.has_value());
  const Result<BatchView> again = BatchView::parse(bytes->bytes());
  require(again.has_value() && again->verify_crc().has_value());
  RecordCursor check(*again, again->stored_records());
  while (check.next() != nullptr) continue;
  require(check.status().has_value() && again->record_count() == count);
}

void rewrite(const BatchView& batch) {
  const bool whole = batch.verify_crc().has_value();
  std::vector<uint8_t> copy(batch.bytes().begin(), batch.bytes().end());
  const HeaderEdit edit{.producer_id = int64_t{1} << 62U, .producer_epoch = 1, .base_sequence = 7};
  require(edit_header(copy, edit).has_value());
  const Result<BatchView> edited = BatchView::parse(copy);
  require(edited.has_value() && edited->base_sequence() == 7);
  require(edited->verify_crc().has_value() == whole);
  require(stamp_log_append_time(copy, 99).has_value());
  require(BatchView::parse(copy)->verify_crc().has_value() == whole);
}

}  // namespace
}  // namespace odradek::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace odradek;
  using namespace odradek::wire;
  // Kept, as callers keep them: a failure must not spoil the next call.
  static Decompressor decompressor;
  static Buffer scratch;
  (void)for_each_batch(Bytes(data, size), [&](const BatchView& batch) {
    rewrite(batch);
    const Result<Bytes> section = records_of(batch, decompressor, scratch, kLimitBytes);
    if (!section) return;
    require(batch.codec() == Codec::kNone || section->size() <= kLimitBytes);
    read_records(batch, *section, RecordMode::kFull);
    read_records(batch, *section, RecordMode::kOffsets);
    reencode(batch, *section);
  });
  return 0;
}
